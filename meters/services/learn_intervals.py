"""Learns how often each meter reports, where nobody has said."""

from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

from meters.models import Meter

# The median of so many pauses stands against a missed or a doubled message.
_READINGS = 12
_LOOKS_BACK = timedelta(days=2)
# Smaller differences are the meter's own unsteadiness.
_CHANGE = 0.2


def learn_intervals(*, now: datetime) -> int:
    """Set `learned_interval_s` of meters that report otherwise; return how many."""
    learned = _median_pauses(now - _LOOKS_BACK)
    changed = []
    for meter in Meter.objects.filter(pk__in=learned, expected_interval_s__isnull=True):
        pause_s = learned[meter.pk]
        before_s = meter.learned_interval_s
        if before_s is None or abs(pause_s - before_s) > _CHANGE * before_s:
            meter.learned_interval_s = pause_s
            # bulk_update leaves auto_now alone; ingest asks for what has changed.
            meter.changed_at = timezone.now()
            changed.append(meter)
    Meter.objects.bulk_update(changed, ["learned_interval_s", "changed_at"])
    return len(changed)


def _median_pauses(since: datetime) -> dict[int, float]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT meter.id, percentile_disc(0.5) WITHIN GROUP (ORDER BY pause)
            FROM meters_meter AS meter
            CROSS JOIN LATERAL (
                SELECT extract(epoch FROM time - lag(time) OVER (ORDER BY time))
                FROM (
                    SELECT time FROM meters_reading
                    WHERE meter_id = meter.id AND time > %s
                    ORDER BY time DESC LIMIT %s
                ) AS latest
            ) AS pauses (pause)
            WHERE meter.expected_interval_s IS NULL AND pause IS NOT NULL
            GROUP BY meter.id HAVING count(pause) >= 3
            """,
            [since, _READINGS],
        )
        return {id_: float(pause) for id_, pause in cursor.fetchall()}
