"""Check everything the portal depends on; say what is wrong in one line each."""

import sys
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from meters.queries.dependencies import examine


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = []

    def handle(self, **options: Any) -> None:
        is_well = True
        for finding in examine(now=timezone.now()):
            is_well = is_well and finding.is_well
            mark = "ok   " if finding.is_well else "WRONG"
            self.stdout.write(f"{mark}  {finding.name}: {finding.text}")
        if not is_well:
            sys.exit(1)
