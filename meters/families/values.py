"""Numbers, texts and JSON as devices send them."""

import json
import re
from typing import Any

from meters.domain.quantities import BY_NAME
from meters.domain.units import UnknownUnitError, to_table
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


_NUMBER_AND_UNIT = re.compile(r"\s*([-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?)\s*(\D.*)?")


def number_and_unit(value: object) -> tuple[float, str] | None:
    """Return number and unit of a text like "3.384 V" or "0042*Wh", else None."""
    if not isinstance(value, str):
        plain = number(value)
        return None if plain is None else (plain, "")
    match = _NUMBER_AND_UNIT.fullmatch(value)
    found = number(match[1]) if match else None
    if match is None or found is None:
        return None
    return found, (match[2] or "").strip().lstrip("*").strip()


def put(
    quantities: dict[str, float], quantity: str, value: object, *, unit: str
) -> bool:
    """
    Put a value of a device under its quantity, in the table's unit; absent stays out.

    Returns whether there was a value. A unit written beside the number goes before
    `unit`; one that the quantity cannot have makes the value unusable.
    """
    if BY_NAME[quantity].kind == "state":
        mask = bit_mask(value)
        if mask is not None:
            quantities[quantity] = mask
        return mask is not None
    found = number_and_unit(value)
    if found is None:
        return False
    try:
        converted = to_table(found[0], unit=found[1] or unit, quantity=quantity)
    except UnknownUnitError:
        return False
    if not -LARGEST < converted < LARGEST:
        return False
    quantities[quantity] = converted
    return True


def whole(text: str, *, longest: int = 4) -> int | None:
    """Return a number written in plain digits, such as a channel's, else None."""
    is_number = text.isascii() and text.isdigit() and len(text) <= longest
    return int(text) if is_number else None


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
