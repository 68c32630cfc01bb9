from django.db import models
from django.utils.translation import gettext_lazy as _

from meters.models.meter import Meter


class DataQuality(models.Model):
    """How much of what a meter should have sent in an hour has come, and how.

    Written by ingest in the transaction of the readings; `expected` is filled by what
    reads it, from the meter's interval, where it is NULL.
    """

    pk = models.CompositePrimaryKey("meter_id", "hour")
    meter = models.ForeignKey(
        Meter,
        on_delete=models.CASCADE,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    # In UTC; of the readings' own times.
    hour = models.DateTimeField()
    expected = models.PositiveIntegerField(null=True)
    received = models.PositiveIntegerField(default=0)
    # Came again, with nothing new.
    duplicate = models.PositiveIntegerField(default=0)
    # Came too late to be live.
    late = models.PositiveIntegerField(default=0)
    # Values that differed from those kept.
    conflicting = models.PositiveIntegerField(default=0)
    # Device times that could not be believed; the time of receipt stands.
    implausible = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("data quality")
        verbose_name_plural = _("data quality")
        indexes = [models.Index(fields=["hour"], name="quality_by_hour")]

    def __str__(self) -> str:
        return f"{self.meter_id} {self.hour:%Y-%m-%d %H}: {self.received} received"
