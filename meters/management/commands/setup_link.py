from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.urls import reverse

from meters.services.create_first_administrator import (
    has_administrator,
    make_setup_token,
)


class Command(BaseCommand):
    help = (
        "Print a one-time link to make the first administrator; nothing when there"
        " is one."
    )

    def handle(self, **options: Any) -> None:
        if not has_administrator():
            address = settings.SITE_URL + reverse("first_administrator")
            self.stdout.write(f"{address}?token={make_setup_token()}")
