"""Tells open sockets when a membership, a user, a meter or a login changes."""

from typing import Any

from django.contrib.auth.signals import user_logged_out
from django.db import transaction
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from meters.live.announce import announce, site_group, user_group
from meters.models import Membership, Meter, User


@receiver([post_save, post_delete], sender=Membership)
def membership_changed(instance: Membership, **kwargs: Any) -> None:
    transaction.on_commit(lambda: announce(user_group(instance.user_id)))


@receiver([post_save, post_delete], sender=User)
def user_changed(instance: User, **kwargs: Any) -> None:
    # The last login is saved at every login, and changes nothing.
    if kwargs.get("created") or kwargs.get("update_fields") == {"last_login"}:
        return
    transaction.on_commit(lambda: announce(user_group(instance.pk)))


@receiver([post_save, post_delete], sender=Meter)
def meter_changed(instance: Meter, **kwargs: Any) -> None:
    site_id = instance.site_id
    if site_id is not None:
        transaction.on_commit(lambda: announce(site_group(site_id)))


@receiver(user_logged_out)
def logged_out(user: User | None, **kwargs: Any) -> None:
    if user is not None:
        transaction.on_commit(lambda: announce(user_group(user.pk)))
