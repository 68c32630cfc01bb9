"""The environment of the portal's processes, and the file that names what is in use."""

import secrets
from pathlib import Path
from urllib.parse import quote

from energy_site.embedded.given import Given
from energy_site.embedded.places import Places
from energy_site.embedded.site_address import SiteAddress
from meters.broker.private_files import write_private

DEMO_USER = "demo@energy-site.example"
# In the order in which they stand in var/embedded.env.
_TOLD = (
    "SITE_URL",
    "DATABASE_URL",
    "REDIS_URL",
    "MQTT_URL",
    "METER_MQTT_URL",
    "DEMO_USER",
    "DEMO_PASSWORD",
)


def portal_environment(
    given: Given,
    engines: dict[str, str],
    *,
    places: Places,
    site: SiteAddress,
    demo_password: str | None,
) -> dict[str, str]:
    """Return what every process of the portal is started with."""
    ours = {
        "SITE_URL": site.url,
        "ALLOWED_HOSTS": site.allowed_hosts(),
        "EMAIL_URL": f"filemail:///{quote(str(places.var / 'mail'))}",
        **engines,
    }
    if demo_password is not None:
        ours |= {"DEMO_USER": DEMO_USER, "DEMO_PASSWORD": demo_password}
    environment = {
        **given.environment,
        **{name: given.get(name) or value for name, value in ours.items()},
        "PYTHONUNBUFFERED": "1",
    }
    for name in ours:
        # Its content stands under its own name now.
        environment.pop(f"{name}_FILE", None)
    if demo_password is None:
        environment.pop("DEMO_USER", None)
        environment.pop("DEMO_PASSWORD", None)
    if given.get("SECRET_KEY") is None:
        environment["SECRET_KEY_FILE"] = str(_secret_key(places.var))
    return environment


def write_embedded_env(path: Path, environment: dict[str, str]) -> None:
    """Tell other programs what is in use, as ``KEY=value`` lines."""
    lines = [f"{name}={environment[name]}\n" for name in _TOLD if name in environment]
    write_private(path, "".join(lines))


def _secret_key(var: Path) -> Path:
    path = var / "secret_key"
    if not path.exists():
        write_private(path, secrets.token_urlsafe(50))
    return path
