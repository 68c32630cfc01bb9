"""Who sees what: every list and every socket starts here.

Staff do not see more than others on the pages; a superuser sees every site.
"""

from datetime import datetime

from django.contrib.auth.models import AnonymousUser
from django.db.models import F, Q, QuerySet

from meters.models import Membership, Meter, Site, User
from meters.models.site import MembershipQuerySet

MANAGING_ROLES = (Membership.Role.MANAGER,)
# An installer tries the relays while commissioning.
COMMANDING_ROLES = (
    Membership.Role.OPERATOR,
    Membership.Role.INSTALLER,
    Membership.Role.MANAGER,
)
# An installer sets up everything but money.
COMMISSIONING_ROLES = (Membership.Role.INSTALLER, Membership.Role.MANAGER)


def visible_sites(*, user: User | AnonymousUser, now: datetime) -> QuerySet[Site]:
    """Return the sites in which the user may see something at `now`."""
    if not isinstance(user, User) or not user.is_active:
        return Site.objects.none()
    if user.is_superuser:
        return Site.objects.all()
    return _sites_of(Membership.objects.filter(user=user).valid_at(now))


def managed_sites(*, user: User | AnonymousUser, now: datetime) -> QuerySet[Site]:
    """Return the sites that the user may set up at `now`."""
    if not isinstance(user, User) or not user.is_active:
        return Site.objects.none()
    if user.is_superuser:
        return Site.objects.all()
    memberships = Membership.objects.filter(
        user=user, role__in=MANAGING_ROLES, branch__isnull=True
    )
    return _sites_of(memberships.valid_at(now))


def may_manage(*, user: User | AnonymousUser, site: Site, now: datetime) -> bool:
    """Return whether the user may set up this site at `now`."""
    return managed_sites(user=user, now=now).filter(pk=site.pk).exists()


def visible_meters(*, user: User | AnonymousUser, now: datetime) -> QuerySet[Meter]:
    """Return the claimed meters that the user may see at `now`."""
    return _meters_of(user, Membership.objects.all(), now=now)


def commandable_meters(*, user: User | AnonymousUser, now: datetime) -> QuerySet[Meter]:
    """Return the active meters that the user may ask for something at `now`."""
    memberships = Membership.objects.filter(role__in=COMMANDING_ROLES)
    return _meters_of(user, memberships, now=now).filter(state=Meter.State.ACTIVE)


def managed_meters(*, user: User | AnonymousUser, now: datetime) -> QuerySet[Meter]:
    """Return the meters whose outputs the user sets up, and commands they approve."""
    memberships = Membership.objects.filter(role__in=MANAGING_ROLES)
    return _meters_of(user, memberships, now=now)


def commissionable_meters(
    *, user: User | AnonymousUser, now: datetime
) -> QuerySet[Meter]:
    """Return the active meters that the user may set up and sign off at `now`."""
    memberships = Membership.objects.filter(role__in=COMMISSIONING_ROLES)
    return _meters_of(user, memberships, now=now).filter(state=Meter.State.ACTIVE)


def _meters_of(
    user: User | AnonymousUser, memberships: MembershipQuerySet, *, now: datetime
) -> QuerySet[Meter]:
    """Return the claimed meters in the scope of those memberships that are theirs."""
    if not isinstance(user, User) or not user.is_active:
        return Meter.objects.none()
    claimed = Meter.objects.exclude(state__in=Meter.UNCLAIMED_STATES)
    if user.is_superuser:
        return claimed
    memberships = memberships.filter(user=user).valid_at(now)
    branches = memberships.filter(branch__isnull=False).values_list(
        "branch_id", flat=True
    )
    return claimed.filter(
        Q(site__in=_sites_of(memberships.filter(branch__isnull=True)))
        | Q(pk__in=meters_below(list(branches)))
    )


def unclaimed_meters(*, user: User | AnonymousUser, now: datetime) -> QuerySet[Meter]:
    """Return the meters without a site that are the user's business at `now`.

    Staff see any; managers those that came by the topic prefix of their sites.
    """
    unclaimed = Meter.objects.filter(state__in=Meter.UNCLAIMED_STATES)
    if isinstance(user, User) and user.is_active and user.is_staff:
        return unclaimed
    sites = managed_sites(user=user, now=now)
    return unclaimed.filter(under_prefixes("first_topic", sites))


def claimable_meters(*, user: User | AnonymousUser, now: datetime) -> QuerySet[Meter]:
    """Return the discovered meters that the user may claim at `now`."""
    return unclaimed_meters(user=user, now=now).filter(state=Meter.State.DISCOVERED)


def under_prefixes(topic_field: str, sites: QuerySet[Site]) -> Q:
    """Return the condition that a topic lies under the prefix of one of the sites."""
    condition = Q(pk__in=[])
    for prefix in topic_prefixes(sites):
        condition |= Q(**{f"{topic_field}__startswith": prefix})
    return condition


def topic_prefixes(sites: QuerySet[Site]) -> list[str]:
    """Return the prefixes of those sites that have one, each with its slash."""
    prefixes = sites.exclude(topic_prefix="").values_list("topic_prefix", flat=True)
    return [f"{prefix.rstrip('/')}/" for prefix in prefixes]


def longest_prefix(topic: str) -> str:
    """Return the longest prefix of any site that a topic lies under; else nothing."""
    prefixes = topic_prefixes(Site.objects.all())
    return max(filter(topic.startswith, prefixes), key=len, default="")


def get_visible_site(
    *, user: User | AnonymousUser, slug: str, now: datetime
) -> Site | None:
    """Return the site of this slug if the user may see something in it."""
    return visible_sites(user=user, now=now).filter(slug=slug).first()


def get_visible_meter(
    *, user: User | AnonymousUser, meter_id: int, now: datetime
) -> Meter | None:
    """Return the meter of this id if the user may see it."""
    meters = visible_meters(user=user, now=now).select_related("site")
    return meters.filter(pk=meter_id).first()


def meters_below(roots: list[int]) -> set[int]:
    """
    Return these meters and every meter below them in the distribution tree.

    A meter that was retired below one that has moved away since is of another site.
    """
    found: set[int] = set()
    level = set(roots)
    while level:
        found |= level
        children = Meter.objects.filter(parent__in=level, site=F("parent__site"))
        level = set(children.values_list("pk", flat=True)) - found
    return found


def _sites_of(memberships: QuerySet[Membership]) -> QuerySet[Site]:
    return Site.objects.filter(
        Q(pk__in=memberships.values("site"))
        | Q(organisation__in=memberships.values("organisation"))
        | Q(meters__in=memberships.values("branch"))
    ).distinct()
