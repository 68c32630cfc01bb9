"""Numbers, texts and JSON as devices send them."""

import json
from typing import Any

from meters.families.message import UnusableMessageError

# Larger ones do not fit a reading's four-byte columns; no meter measures them.
LARGEST = 3e38
LONGEST_DEVICE_ID = 100
_LONGEST_TEXT = 200


def number(value: object) -> float | None:
    """Return a finite number from a number or a text like "226.0", else None.

    A text such as "--" or "nan" means that there is no value.
    """
    if isinstance(value, str):
        try:
            # float() takes "1_000"; no device means that.
            value = float(value) if "_" not in value else None
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    # False for NaN, infinity and whole numbers beyond any float.
    return float(value) if -LARGEST < value < LARGEST else None


def bit_mask(value: object) -> int | None:
    """Return a bit mask of at most 31 bits, else None."""
    mask = number(value)
    if mask is None or not mask.is_integer() or not 0 <= mask < 2**31:
        return None
    return int(mask)


def text(value: object) -> str:
    """Return a text that PostgreSQL can store: no NUL, no half of a character pair."""
    plain = str(value).replace("\0", "").encode("utf-8", "replace").decode()
    return plain[:_LONGEST_TEXT]


def device_id(value: object) -> str:
    """Return the id of a device; raise UnusableMessageError where it cannot be one."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise UnusableMessageError(
            "The device id is neither a text nor a whole number."
        )
    try:
        plain = str(value).strip()
    except ValueError:  # a whole number of more than 4,300 digits
        plain = "9" * (LONGEST_DEVICE_ID + 1)
    if not plain:
        raise UnusableMessageError("The device id is empty.")
    if len(plain) > LONGEST_DEVICE_ID:
        raise UnusableMessageError(
            f"The device id has {len(plain)} characters;"
            f" at most {LONGEST_DEVICE_ID} are taken."
        )
    if not plain.isprintable():
        raise UnusableMessageError(
            "The device id has characters that cannot be printed."
        )
    return plain


def tolerant_json(payload: bytes) -> Any:
    """Return what a payload says that is only nearly JSON.

    Takes NaN, Infinity and control characters inside texts, as some devices send them;
    raises UnusableMessageError where that does not help.
    """
    if not payload.strip():
        raise UnusableMessageError("The payload is empty.")
    try:
        return json.loads(payload.decode("utf-8-sig"), strict=False)
    except UnicodeDecodeError:
        raise UnusableMessageError("The payload is not text.") from None
    except RecursionError:
        raise UnusableMessageError("The payload is nested too deeply.") from None
    except ValueError as error:
        where = f" at character {error.pos}" if hasattr(error, "pos") else ""
        raise UnusableMessageError(f"The payload is not JSON{where}.") from None
