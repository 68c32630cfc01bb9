"""Make the demonstration plant and its login; safe to run again."""

import os
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from meters.services.seed_demo import seed_demo


class Command(BaseCommand):
    help = __doc__

    def handle(self, **options: Any) -> None:
        email = os.environ.get("DEMO_USER", "")
        password = os.environ.get("DEMO_PASSWORD", "")
        if not email or not password:
            raise CommandError("DEMO_USER and DEMO_PASSWORD must be set.")
        site = seed_demo(email=email, password=password)
        self.stdout.write(f"{site.name} is there; log in as {email}.")
