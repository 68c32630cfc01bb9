from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from meters.models.meter import Meter


class Commissioning(models.Model):
    """Somebody's word that a meter is installed right, with what it showed then.

    Written once, never changed: the database refuses UPDATE and DELETE. A meter that
    was worked on is signed off anew.
    """

    meter = models.ForeignKey(
        Meter, on_delete=models.PROTECT, related_name="commissionings"
    )
    at = models.DateTimeField()
    # Who was logged in, and who stood before the meter.
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    name = models.CharField(
        _("your name"), max_length=100, help_text=_("Who has installed and checked it.")
    )
    note = models.TextField(_("note"), blank=True, max_length=2000)
    # JPEG, without what the camera wrote beside the picture. In the database: every web
    # process has it, and every backup.
    photo = models.BinaryField()
    # [{"name", "verdict", "sentence", "facts"}], as they stood.
    checks = models.JSONField()
    # By quantity, scaled.
    values = models.JSONField()
    # Ratios, wiring and what is primary, as they were set up.
    setup = models.JSONField()

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("commissioning")
        verbose_name_plural = _("commissionings")

    def __str__(self) -> str:
        return f"{self.meter_id} {self.at:%Y-%m-%d %H:%M}, {self.name}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError("A commissioning is never changed.")
        super().save(*args, **kwargs)
