"""Write the documentation's page of quantities: they are declared in one place."""

from typing import Any

from django.core.management.base import BaseCommand

from meters.domain.quantities import QUANTITIES

_HEAD = """\
# Quantities

What a meter can measure, as `meters/domain/quantities.py` declares it; this page is
written by `manage.py quantities`. A *register* counts, an *instant* is measured now, a
*ratio* has no unit, a *state* is a bit mask. Power is positive for import and negative
for export. The transformer factor says which ratio of the meter applies.

| name | unit | label | kind | transformer factor | OBIS |
|---|---|---|---|---|---|
"""


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = []

    def handle(self, **options: Any) -> None:
        rows = (
            f"| `{q.name}` | {q.unit} | {q.label} | {q.kind}"
            f" | {'' if q.group == 'none' else q.group} | {q.obis} |\n"
            for q in QUANTITIES
        )
        self.stdout.write(_HEAD + "".join(rows), ending="")
