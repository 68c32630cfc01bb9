"""Names and passwords of the engines, made once and kept."""

import json
import secrets
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

from energy_site.embedded.console import CannotContinueError
from meters.broker.private_files import write_private

# No 0, O, 1, l, i: this one is read from a screen and typed.
_READABLE = "abcdefghjkmnpqrstuvwxyz23456789"


def _password() -> str:
    # Letters, digits, - and _ only: it stands in URLs as it is.
    return secrets.token_urlsafe(24)


def _readable_password() -> str:
    groups = ("".join(secrets.choice(_READABLE) for _ in range(4)) for _ in range(4))
    return "-".join(groups)


@dataclass(frozen=True)
class Credentials:
    """Every password of the embedded stack."""

    # PostgreSQL's superuser, for repairs by hand; the portal does not use it.
    postgres: str = field(default_factory=_password)
    database: str = field(default_factory=_password)
    valkey: str = field(default_factory=_password)
    # The broker's three logins.
    meters: str = field(default_factory=_password)
    ingest: str = field(default_factory=_password)
    portal: str = field(default_factory=_password)
    demo: str = field(default_factory=_readable_password)

    def of_login(self, login: str) -> str:
        """Return the password of one of the broker's logins."""
        return {"meters": self.meters, "ingest": self.ingest, "portal": self.portal}[
            login
        ]


def load_or_make(path: Path) -> Credentials:
    """Return the passwords kept in a file, adding those it does not have yet."""
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        known = {
            f.name: str(kept[f.name]) for f in fields(Credentials) if f.name in kept
        }
    except FileNotFoundError:
        known = {}
    except (OSError, ValueError, TypeError) as error:
        message = f"The passwords in {path} cannot be read: {error}."
        raise CannotContinueError(message) from error
    credentials = Credentials(**known)
    if asdict(credentials) != known:
        write_private(path, json.dumps(asdict(credentials), indent=1) + "\n")
    return credentials
