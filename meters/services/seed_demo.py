"""Makes the demonstration plant: an organisation, a site, its meters, a login."""

from django.db import transaction

from meters.domain.plant import NOMINAL_VOLTAGE, PLACES, RATE_LABELS, ZONE, Place, Plant
from meters.families.acrel_json_v2 import AcrelJsonV2
from meters.models import Membership, Meter, Organisation, Site, User

SITE_SLUG = "demo-plant"
# An earlier demonstration had these three. Their readings stay.
_EARLIER = ("24112200010001", "24112200010002", "24112200010003")


@transaction.atomic
def seed_demo(*, email: str, password: str) -> Site:
    """Make what is missing of the demonstration, and let the login be this one."""
    organisation, _ = Organisation.objects.get_or_create(name="Demo")
    site, _ = Site.objects.get_or_create(
        slug=SITE_SLUG,
        defaults={
            "organisation": organisation,
            "name": "Demo plant",
            "time_zone": ZONE,
        },
    )
    _make_user(organisation, email=email, password=password)
    _retire_earlier(site)
    made: list[Meter] = []
    for serial, place in zip(Plant().serials, PLACES, strict=True):
        parent = None if place.parent is None else made[place.parent]
        made.append(_make_meter(site, serial, place, parent))
    return site


def _make_meter(site: Site, serial: str, place: Place, parent: Meter | None) -> Meter:
    """Make a meter, or claim it where it was faster; what a person set stays."""
    positive = Meter.PositivePower
    fields = {
        "state": Meter.State.ACTIVE,
        "site": site,
        "name": place.name,
        "parent": parent,
        "positive_power": (
            positive.GENERATION if place.is_generation else positive.CONSUMPTION
        ),
        "nominal_voltage": NOMINAL_VOLTAGE,
        "rated_current": place.rated_current,
        "rate_labels": list(RATE_LABELS),
    }
    meter, made = Meter.objects.get_or_create(
        family=AcrelJsonV2.name, device_id=serial, defaults=fields
    )
    if not made and meter.state == Meter.State.DISCOVERED:
        for name, value in fields.items():
            setattr(meter, name, value)
        meter.save()
    return meter


def _retire_earlier(site: Site) -> None:
    """Retire the meters of an earlier demonstration: nobody publishes them now."""
    for meter in Meter.objects.filter(
        family=AcrelJsonV2.name,
        device_id__in=_EARLIER,
        site=site,
        state=Meter.State.ACTIVE,
    ):
        meter.state = Meter.State.RETIRED
        meter.save()


def _make_user(organisation: Organisation, *, email: str, password: str) -> None:
    """Make the login; it may do everything, on a machine that is the visitor's own."""
    user = User.objects.filter(email=email).first()
    if user is None:
        user = User.objects.create_superuser(email, password)
    elif not user.check_password(password):
        user.set_password(password)
        user.save()
    Membership.objects.get_or_create(
        user=user,
        organisation=organisation,
        defaults={"role": Membership.Role.MANAGER},
    )
