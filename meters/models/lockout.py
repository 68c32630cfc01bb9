from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from meters.models.output import Output


class LockoutQuerySet(models.QuerySet["Lockout"]):
    def active_at(self, instant: datetime) -> Self:
        """Those that hold at `instant`."""
        return self.filter(
            Q(until__isnull=True) | Q(until__gt=instant), lifted_at__isnull=True
        )


class Lockout(models.Model):
    """A person's lock on an output: while it holds, every command is refused.

    Each person puts on a lock of their own, as with padlocks on a switch.
    """

    output = models.ForeignKey(
        Output, on_delete=models.CASCADE, related_name="lockouts"
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    reason = models.CharField(_("reason"), max_length=200)
    since = models.DateTimeField()
    # NULL: until it is lifted.
    until = models.DateTimeField(_("until"), null=True, blank=True)
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    objects = LockoutQuerySet.as_manager()

    class Meta:
        ordering = ["-since"]
        verbose_name = _("lockout")
        verbose_name_plural = _("lockouts")
        constraints = [
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gt=models.F("since")),
                name="lockout_ends_after_it_begins",
            ),
            models.CheckConstraint(
                condition=Q(lifted_at__isnull=True, lifted_by__isnull=True)
                | Q(lifted_at__isnull=False, lifted_by__isnull=False),
                name="lockout_is_lifted_by_somebody",
            ),
        ]
        indexes = [
            # Every page of a site and every command asks for these.
            models.Index(
                fields=["output"],
                condition=Q(lifted_at__isnull=True),
                name="lockouts_not_lifted",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.output_id}: {self.reason}"
