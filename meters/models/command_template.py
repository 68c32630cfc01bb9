from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from meters.models.meter import Meter


class CommandTemplate(models.Model):
    """What to publish for one action, written by an administrator.

    For a family or profile, or for one meter; the meter's comes first. It is off until
    an administrator turns it on, and off again when what it publishes is changed.
    """

    class Action(models.TextChoices):
        ON = "on", _("switch on")
        OFF = "off", _("switch off")
        READ = "read", _("read now")
        SET_INTERVAL = "set_interval", _("set the upload interval")

    class ReadBack(models.TextChoices):
        NONE = "", _("nothing")
        OUTPUT = "output", _("the output's state in a later message")
        READING = "reading", _("the next reading")

    name = models.CharField(_("name"), max_length=100)
    # Of a family or of a profile.
    family = models.CharField(_("family or profile"), max_length=40, blank=True)
    meter = models.ForeignKey(
        Meter,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="command_templates",
    )
    action = models.CharField(_("action"), max_length=12, choices=Action)
    topic = models.CharField(_("topic"), max_length=500)
    payload = models.TextField(_("payload"), blank=True)
    reply_topic = models.CharField(
        _("reply topic"),
        max_length=500,
        blank=True,
        help_text=_("Where the device answers. Empty: it does not."),
    )
    reply_match = models.TextField(
        _("reply says"),
        blank=True,
        help_text=_(
            "A line each, such as: code = 0. All must hold. Empty: any reply confirms."
        ),
    )
    read_back = models.CharField(
        _("confirmed by"),
        max_length=10,
        choices=ReadBack,
        blank=True,
        default=ReadBack.NONE,
    )
    timeout_s = models.FloatField(
        _("timeout"),
        default=30,
        validators=[MinValueValidator(1), MaxValueValidator(86_400)],
        help_text=_("Seconds after which a command that is not confirmed has failed."),
    )
    enabled = models.BooleanField(_("enabled"), default=False, editable=False)

    class Meta:
        ordering = ["family", "meter", "action"]
        verbose_name = _("command template")
        verbose_name_plural = _("command templates")
        constraints = [
            models.CheckConstraint(
                condition=Q(meter__isnull=True) & ~Q(family="")
                | Q(meter__isnull=False, family=""),
                name="template_has_one_scope",
            ),
            models.UniqueConstraint(
                fields=["family", "action"],
                condition=Q(enabled=True, meter__isnull=True),
                name="one_enabled_template_of_a_family",
            ),
            models.UniqueConstraint(
                fields=["meter", "action"],
                condition=Q(enabled=True),
                name="one_enabled_template_of_a_meter",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("command_template", kwargs={"template_id": self.pk})
