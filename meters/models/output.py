from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy as _

from meters.domain.commands import (
    MOST_OUTPUTS,
    OutputRules,
    Standing,
    later_standing,
)
from meters.models.meter import Meter


class Output(models.Model):
    """A relay or digital output of a device that can be switched.

    Made when the device tells of it, or by a manager where the device does not.
    """

    meter = models.ForeignKey(Meter, on_delete=models.CASCADE, related_name="outputs")
    # From 1, as the device numbers them.
    number = models.PositiveSmallIntegerField(
        _("number"),
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_OUTPUTS)],
    )
    name = models.CharField(
        _("name"),
        max_length=100,
        blank=True,
        help_text=_("What it switches, such as “Compressor 2”."),
    )
    off_only = models.BooleanField(
        _("off only"),
        default=False,
        help_text=_("It may be switched off from here, but never on."),
    )
    minimum_on_s = models.FloatField(
        _("minimum time on"),
        default=0,
        validators=[MinValueValidator(0)],
        help_text=_("Seconds for which it stays on before it may go off."),
    )
    minimum_off_s = models.FloatField(
        _("minimum time off"),
        default=0,
        validators=[MinValueValidator(0)],
        help_text=_("Seconds for which it stays off before it may go on."),
    )
    typed_confirmation = models.BooleanField(
        _("typed confirmation"),
        default=False,
        help_text=_("Whoever switches it types its name first."),
    )
    needs_approval = models.BooleanField(
        _("needs approval"),
        default=False,
        help_text=_("A manager other than the requester approves each command."),
    )
    # As the device told last; NULL where it has not.
    is_on = models.BooleanField(null=True, editable=False)
    changed_at = models.DateTimeField(null=True, editable=False)
    # As it was told last to be: minimum times count from the later of the two.
    commanded_on = models.BooleanField(null=True, editable=False)
    commanded_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["meter", "number"]
        verbose_name = _("output")
        verbose_name_plural = _("outputs")
        constraints = [
            models.UniqueConstraint(
                fields=["meter", "number"], name="one_output_of_a_number"
            ),
            models.CheckConstraint(
                condition=Q(number__gte=1, minimum_on_s__gte=0, minimum_off_s__gte=0),
                name="output_has_number_and_times",
            ),
        ]

    def __str__(self) -> str:
        return self.name or gettext("Output %(number)s") % {"number": self.number}

    def get_absolute_url(self) -> str:
        return reverse(
            "output_detail", kwargs={"meter_id": self.meter_id, "number": self.number}
        )

    @property
    def rules(self) -> OutputRules:
        return OutputRules(
            name=str(self),
            off_only=self.off_only,
            minimum_on_s=self.minimum_on_s,
            minimum_off_s=self.minimum_off_s,
            typed_confirmation=self.typed_confirmation,
        )

    @property
    def standing(self) -> Standing:
        """How it stands, and since when, by its own word or by the last command."""
        return later_standing(
            reported=Standing(self.is_on, self.changed_at),
            commanded=Standing(self.commanded_on, self.commanded_at),
        )
