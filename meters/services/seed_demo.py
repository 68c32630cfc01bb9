"""Makes the demonstration plant: an organisation, a site, three meters, a login."""

from django.db import transaction

from meters.domain import plant
from meters.families.acrel_json_v2 import AcrelJsonV2
from meters.models import Membership, Meter, Organisation, Site, User

SITE_SLUG = "demo-plant"


@transaction.atomic
def seed_demo(*, email: str, password: str) -> Site:
    """Make what is missing of the demonstration, and let the login be this one."""
    organisation, _ = Organisation.objects.get_or_create(name="Demo")
    site, _ = Site.objects.get_or_create(
        slug=SITE_SLUG,
        defaults={
            "organisation": organisation,
            "name": "Demo plant",
            "time_zone": "Europe/Berlin",
        },
    )
    _make_user(organisation, email=email, password=password)
    incomer: Meter | None = None
    for serial, name in plant.names().items():
        meter, made = Meter.objects.get_or_create(
            family=AcrelJsonV2.name,
            device_id=serial,
            defaults={
                "state": Meter.State.ACTIVE,
                "site": site,
                "name": name,
                "parent": incomer,
                "nominal_voltage": 230.0,
            },
        )
        if not made and meter.state == Meter.State.DISCOVERED:
            meter.site, meter.name, meter.parent = site, name, incomer
            meter.state = Meter.State.ACTIVE
            meter.save()
        incomer = incomer or meter
    return site


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
