from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from meters.models.meter import Meter
from meters.models.site import Site


class MeterChangeQuerySet(models.QuerySet["MeterChange"]):
    def in_force(self) -> Self:
        """Those that nobody has taken back."""
        return self.filter(undone_at__isnull=True)


class MeterChange(models.Model):
    """Something that changed about a meter at an instant, and can be taken back.

    The meter's row shows how it is now, this how it came to be so; the row of a change
    stays when it is taken back.
    """

    class Kind(models.TextChoices):
        MOVE = "move", _("moved")
        RETIREMENT = "retirement", _("retired")

    meter = models.ForeignKey(Meter, on_delete=models.PROTECT, related_name="changes")
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    # Since when it holds; somebody may tell of it later.
    at = models.DateTimeField()
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    from_site = models.ForeignKey(
        Site, on_delete=models.PROTECT, null=True, related_name="+"
    )
    to_site = models.ForeignKey(
        Site, on_delete=models.PROTECT, null=True, related_name="+"
    )
    from_parent = models.ForeignKey(
        Meter, on_delete=models.PROTECT, null=True, related_name="+"
    )
    to_parent = models.ForeignKey(
        Meter, on_delete=models.PROTECT, null=True, related_name="+"
    )
    # A meter below a retired one hangs on that one's parent; taken back with it.
    caused_by = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="consequences"
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    made_at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    objects = MeterChangeQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("change of a meter")
        verbose_name_plural = _("changes of meters")
        constraints = [
            models.UniqueConstraint(
                fields=["meter"],
                condition=Q(kind="retirement", undone_at__isnull=True),
                name="a_meter_is_retired_once",
            ),
            models.CheckConstraint(
                condition=Q(undone_at__isnull=True, undone_by__isnull=True)
                | Q(undone_at__isnull=False, undone_by__isnull=False),
                name="change_is_undone_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(kind="move")
                | Q(from_site__isnull=False, to_site__isnull=False),
                name="move_has_two_places",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.meter_id} {self.kind} {self.at:%Y-%m-%d %H:%M}"

    @property
    def changes_site(self) -> bool:
        return self.from_site_id != self.to_site_id
