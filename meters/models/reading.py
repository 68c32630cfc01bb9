from typing import Any

from django.db import models

from meters.domain.quantities import QUANTITIES, Quantity
from meters.models.meter import Meter


class RealField(models.FloatField):  # type: ignore[type-arg]
    """A number in four bytes: six significant digits, more than a meter measures."""

    def db_type(self, connection: object) -> str:
        return "real"

    def from_db_value(
        self, value: float | None, expression: object, connection: object
    ) -> float | None:
        # 211.4 comes back as 211.39999389…: give the number that was sent.
        return None if value is None else float(f"{value:.7g}")


class Reading(models.Model):
    """What one meter measured at one instant, as the device sent it.

    One column per quantity of ``meters.domain.quantities``, in that table's unit, NULL
    where the device sent nothing. Ratios are not applied (``meters.domain.scaling``
    does that on the way out). Partitioned by month of `time`, in UTC.
    """

    pk = models.CompositePrimaryKey("meter_id", "time")
    time = models.DateTimeField()
    received_at = models.DateTimeField()
    # No constraint in the database: it would be looked up for every row.
    meter = models.ForeignKey(
        Meter,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    # What the device sent beyond the quantities.
    extra = models.JSONField(null=True)

    def __str__(self) -> str:
        return f"{self.meter_id} at {self.time:%Y-%m-%d %H:%M:%S}"


def _column(quantity: Quantity) -> "models.Field[Any, Any]":
    if quantity.kind == "register":
        # Registers count to nine digits and more: double precision.
        return models.FloatField(quantity.label, null=True)
    if quantity.kind == "state":
        return models.IntegerField(quantity.label, null=True)
    return RealField(quantity.label, null=True)


# Eight-byte columns before four-byte ones: PostgreSQL pads less.
for _quantity in sorted(QUANTITIES, key=lambda q: q.kind != "register"):
    Reading.add_to_class(_quantity.name, _column(_quantity))
