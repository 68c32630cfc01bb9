"""Makes a meter of every device that is heard of for the first time."""

from collections.abc import Mapping

from django.db import connection, transaction

from meters.models import Meter

MOST_UNCLAIMED = 10_000
_LOCK = 7_301_002

Device = tuple[str, str]  # family, device id


def discover_meters(topics: Mapping[Device, str]) -> list[Meter]:
    """
    Return the meters of these devices, made where they are new.

    Parameters
    ----------
    topics : mapping of (family, device id) to topic
        The topic by which the device was heard.

    Returns
    -------
    list of Meter
        Fewer than asked for where `MOST_UNCLAIMED` discovered meters wait already:
        anybody who may publish could fill the table otherwise.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            # Two processes must not count at the same time.
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        known = _meters(topics)
        known_devices = {(meter.family, meter.device_id) for meter in known}
        new = [device for device in topics if device not in known_devices]
        unclaimed = Meter.objects.filter(state=Meter.State.DISCOVERED).count()
        room = max(0, MOST_UNCLAIMED - unclaimed)
        made = Meter.objects.bulk_create(
            Meter(
                family=family,
                device_id=device_id,
                first_topic=topics[family, device_id],
            )
            for family, device_id in new[:room]
        )
    return [*known, *made]


def _meters(topics: Mapping[Device, str]) -> list[Meter]:
    by_family: dict[str, list[str]] = {}
    for family, device_id in topics:
        by_family.setdefault(family, []).append(device_id)
    return [
        meter
        for family, ids in by_family.items()
        for meter in Meter.objects.filter(family=family, device_id__in=ids)
    ]
