"""Reads settings from the environment, from files, or from the embedded stack.

Precedence: the variable itself, then the file that NAME_FILE points to, then what
``bin/up`` wrote to ``var/embedded.env``, then a default.
"""

import os
import secrets
from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"
EMBEDDED_ENV = VAR_DIR / "embedded.env"

env = environ.FileAwareEnv()

if EMBEDDED_ENV.is_file() and os.access(EMBEDDED_ENV, os.R_OK):
    for line in EMBEDDED_ENV.read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition("=")
        if f"{name}_FILE" not in os.environ:
            os.environ.setdefault(name, value)


def secret_key() -> str:
    """Return SECRET_KEY, or one made once and kept in ``var/secret_key``."""
    given = env.str("SECRET_KEY", default="")
    if given:
        return str(given)
    kept = VAR_DIR / "secret_key"
    try:
        return _read_or_make(kept)
    except OSError as error:
        message = f"SECRET_KEY is not set and {kept} cannot be used: {error.strerror}."
        raise ImproperlyConfigured(message) from error


def _read_or_make(path: Path) -> str:
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        # Exclusive: of two processes that start at once, one makes the key.
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            pass
        else:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(secrets.token_urlsafe(50))
    return path.read_text(encoding="utf-8").strip()
