"""How people get in: by invitation only."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class InvitedOnlyAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """There is no sign-up: people are invited."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False
