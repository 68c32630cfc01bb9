from django.http import HttpRequest

from meters.models import User


class SignedInRequest(HttpRequest):
    """A request after ``login_required``."""

    user: User
