"""Messages of an ADW300, as tests publish them."""

import json
import time
from typing import Any


def now_ms() -> int:
    """Return the time as the meter sends it. [ms]"""
    return round(time.time() * 1000)


def adw300(serial: str = "24102809510006", *, tp: Any = None, **points: Any) -> str:
    """Return a message with voltage and power, and what is given as ``p13=…``."""
    values = {"p1": 231.4, "p13": 45.5, **points}
    point = [{"id": 0, "val": serial}] if serial is not None else []
    point += [{"id": int(name[1:]), "val": value} for name, value in values.items()]
    return json.dumps(
        {"data": [{"tp": now_ms() if tp is None else tp, "point": point}]}
    )
