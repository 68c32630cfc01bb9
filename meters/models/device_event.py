from django.db import models
from django.utils.translation import gettext_lazy as _

from meters.models.meter import Meter


class DeviceEvent(models.Model):
    """Something a device said has happened to it: an alarm, a switch, a power-up."""

    meter = models.ForeignKey(Meter, on_delete=models.CASCADE, related_name="events")
    # The device's own, where it can be believed.
    time = models.DateTimeField()
    received_at = models.DateTimeField()
    code = models.CharField(max_length=60)
    text = models.TextField()
    # Begun, or over.
    active = models.BooleanField()
    value = models.FloatField(null=True)

    class Meta:
        ordering = ["-time"]
        verbose_name = _("device event")
        verbose_name_plural = _("device events")
        constraints = [
            # A message that comes twice tells of one event.
            models.UniqueConstraint(
                fields=["meter", "time", "code", "active"], name="one_event_of_a_kind"
            ),
        ]
        # The newest of many meters.
        indexes = [models.Index(fields=["-time"], name="events_by_time")]

    def __str__(self) -> str:
        return f"{self.meter_id} {self.code}: {self.text}"
