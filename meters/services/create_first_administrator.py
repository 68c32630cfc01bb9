"""Makes the first administrator of an empty portal, once, against a one-time token."""

import hashlib
import secrets

from django.db import transaction
from django.utils.text import slugify

from meters.models import Membership, Organisation, SetupToken, Site, User


class InvalidTokenError(Exception):
    """There is no such token: it was never made, or it is used."""


def has_administrator() -> bool:
    """Return whether somebody can set the portal up already."""
    return User.objects.filter(is_superuser=True, is_active=True).exists()


def make_setup_token() -> str:
    """Return a new token; it replaces those made before. Only its hash is kept."""
    token = secrets.token_urlsafe(32)
    with transaction.atomic():
        SetupToken.objects.all().delete()
        SetupToken.objects.create(digest=_digest(token))
    return token


def is_valid_token(token: str) -> bool:
    """Return whether the token opens the set-up page."""
    return SetupToken.objects.filter(digest=_digest(token)).exists()


@transaction.atomic
def create_first_administrator(
    *,
    token: str,
    organisation: str,
    site_name: str,
    time_zone: str,
    name: str,
    email: str,
    password: str,
) -> tuple[User, Site]:
    """
    Make the administrator, the organisation and its first site; use the token up.

    Raises
    ------
    InvalidTokenError
        There is no such token, or another request was quicker.
    """
    # The lock makes a second request wait, and then find nothing.
    found = SetupToken.objects.select_for_update().filter(digest=_digest(token))
    if has_administrator() or not [row.delete() for row in found]:
        raise InvalidTokenError
    user = User.objects.create_superuser(email, password, first_name=name)
    owner = Organisation.objects.create(name=organisation)
    site = Site.objects.create(
        organisation=owner,
        name=site_name,
        slug=slugify(site_name)[:80] or "site",
        time_zone=time_zone,
    )
    Membership.objects.create(
        user=user, organisation=owner, role=Membership.Role.MANAGER
    )
    return user, site


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
