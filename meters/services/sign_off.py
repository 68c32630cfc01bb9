"""Keeps somebody's word that a meter is installed right."""

from dataclasses import asdict
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from meters.models import Commissioning, Meter, User
from meters.queries.commissioning import Inspection

# What of the meter's row decides how its values are read.
_SETUP = (
    "wiring",
    "positive_power",
    "ct_ratio",
    "pt_ratio",
    "voltage_is_primary",
    "current_is_primary",
    "power_is_primary",
    "energy_is_primary",
    "nominal_voltage",
    "rated_current",
)


class SignOffRefusedError(ValueError):
    """It cannot be signed off now; the text is one sentence that says why."""


@transaction.atomic
def sign_off(
    inspection: Inspection,
    *,
    by: User,
    name: str,
    photo: bytes,
    note: str,
    now: datetime,
) -> Commissioning:
    """
    Sign a meter off with what it shows now.

    Parameters
    ----------
    inspection : Inspection
        Made at `now`.
    name : str
        Who stood before the meter.
    photo : bytes
        JPEG.

    Raises
    ------
    SignOffRefusedError
        The meter is not active or not heard, or a check is bad and no note says why.
    """
    meter = inspection.meter
    if meter.state != Meter.State.ACTIVE:
        raise SignOffRefusedError(_("Only an active meter is signed off."))
    if not inspection.is_live:
        raise SignOffRefusedError(
            _("Nothing is heard of the meter now, so nothing can be signed.")
        )
    if inspection.open and not note.strip():
        raise SignOffRefusedError(
            _("Not every check is good: the note says why it is right all the same.")
        )
    return Commissioning.objects.create(
        meter=meter,
        at=now,
        by=by,
        name=name,
        note=note,
        photo=photo,
        checks=[asdict(check) for check in inspection.checks],
        values=inspection.row.values,
        setup=setup_of(meter),
    )


def setup_of(meter: Meter) -> dict[str, object]:
    """Return what decides how the values of a meter are read, as it is now."""
    return {field: getattr(meter, field) for field in _SETUP}
