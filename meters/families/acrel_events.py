"""Alarms and events of Acrel gateways and meters.

The envelopes are documented, most of the bodies are not: what can be told is read, and
nothing is made up for what cannot.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from meters.families import values
from meters.families.acrel_keys import switched_on
from meters.families.message import Event

_CODE = ("code", "alarmCode", "alarmType", "eventType", "event", "alarm", "name")
_TEXT = ("text", "desc", "description", "message", "msg", "content", "alarmName")
_STATE = ("active", "state", "status", "alarmState", "alarmStatus")
_VALUE = ("value", "val", "alarmValue")
_OVER = frozenset({"reset", "recover", "recovered", "normal", "cleared", "end", "off"})


def event(
    item: Mapping[str, Any],
    *,
    device: str,
    time: datetime,
    default: str,
    over: bool = False,
) -> Event:
    """
    Return the event that an entry of an alarm message tells of.

    Parameters
    ----------
    default : str
        The code where the entry has none.
    over : bool
        The message itself says that the alarm has ended.
    """
    code = _first_text(item, _CODE) or default
    number = next(
        (n for key in _VALUE if (n := values.number(item.get(key))) is not None), None
    )
    return Event(
        device,
        time,
        code,
        _first_text(item, _TEXT) or code,
        active=not over and _is_active(item),
        value=number,
    )


def _first_text(item: Mapping[str, Any], keys: tuple[str, ...]) -> str:
    for key in keys:
        value = item.get(key)
        if isinstance(value, str | int) and not isinstance(value, bool):
            try:
                found = values.text(value).strip()
            except ValueError:  # a whole number of more than 4,300 digits
                continue
            if found:
                return found
    return ""


def _is_active(item: Mapping[str, Any]) -> bool:
    for key in _STATE:
        state = item.get(key)
        if isinstance(state, str) and state.strip().lower() in _OVER:
            return False
        on = switched_on(state)
        if on is not None:
            return on
    return True
