"""What every change of a meter begins with."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from meters.live.announce import announce, site_group
from meters.models import Command, Membership, Meter, MeterChange, Site, User
from meters.services.move_command import fail_waiting


class MeterChangeRefusedError(ValueError):
    """The change is not possible; the text is one sentence that says why."""


def locked_meter(meter_id: int, *, to_site: int | None = None) -> Meter:
    """
    Return a meter, its row and its site's locked: changes of a tree take turns.

    So do those of the site `to_site` that it goes to.
    """
    own = Meter.objects.filter(pk=meter_id).values("site")
    sites = Site.objects.filter(Q(pk__in=own) | Q(pk=to_site))
    # Always in the same order: two that swap places must not wait for each other.
    list(sites.order_by("pk").select_for_update(no_key=True).values_list("pk"))
    return Meter.objects.select_for_update().get(pk=meter_id)


def check_active(meter: Meter) -> None:
    """Refuse what only a meter in service can do."""
    if meter.state != Meter.State.ACTIVE:
        raise MeterChangeRefusedError(_("%(meter)s is not active.") % {"meter": meter})


def check_instant(meter: Meter, at: datetime, *, now: datetime) -> None:
    """Refuse what has not happened yet, or comes before what was noted last."""
    if at > now:
        raise MeterChangeRefusedError(_("That is in the future."))
    last = MeterChange.objects.in_force().filter(meter=meter).first()
    if last is not None and at < last.at:
        raise MeterChangeRefusedError(
            _("That is before its last change; take that one back first.")
        )


def leave_site(meter: Meter, site: Site | None, *, by: User, now: datetime) -> None:
    """
    End what people of a site have asked of a meter, what its pages show, and who sees
    the meter and what hangs below it as a branch of that site.
    """
    fail_waiting(
        Command.objects.filter(meter=meter),
        by=by,
        text="The meter was moved to another site.",
        now=now,
    )
    for membership in Membership.objects.filter(branch=meter).exclude(
        valid_to__lte=now
    ):
        if membership.valid_from is not None and membership.valid_from >= now:
            membership.delete()
        else:
            membership.valid_to = now
            membership.save()
    if site is not None:
        transaction.on_commit(lambda: announce(site_group(site.pk)))


def active_children(meter: Meter) -> QuerySet[Meter]:
    """Return the active meters right below."""
    return meter.children.filter(state=Meter.State.ACTIVE).order_by("pk")


def nearest_active(meter: Meter | None, *, site_id: int | None) -> Meter | None:
    """Return this meter, or the first above it that is active and at the site."""
    seen: set[int] = set()
    while meter is not None and (meter.state, meter.site_id) != (
        Meter.State.ACTIVE,
        site_id,
    ):
        if meter.pk in seen:
            return None
        seen.add(meter.pk)
        meter = meter.parent
    return meter
