"""Passwords as Mosquitto keeps them."""

import base64
import hashlib
import secrets

_ITERATIONS = 101  # Mosquitto's own; the passwords are long and random
_SALT_BYTES = 12
_PASSWORD_BYTES = 18


def new_password() -> str:
    """Return a password that nobody guesses, of 24 characters."""
    return secrets.token_urlsafe(_PASSWORD_BYTES)


def password_hash(password: str) -> str:
    """Return what stands in Mosquitto's password file: PBKDF2 with SHA-512, form 7."""
    salt = secrets.token_bytes(_SALT_BYTES)
    key = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _ITERATIONS, dklen=64)
    encoded = [base64.b64encode(part).decode("ascii") for part in (salt, key)]
    return f"$7${_ITERATIONS}${encoded[0]}${encoded[1]}"
