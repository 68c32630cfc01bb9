"""Which quantity a device means by a key it has chosen itself.

For devices whose keys nobody has fixed: LoRaWAN codecs, platforms, Sparkplug metrics,
sensors named by their owner. A key is taken apart into words ("activePowerA_kW" is
active, power, l1, kw), and the words decide; a key that leaves a doubt has no quantity.
"""

import re
from functools import lru_cache

from meters.domain.quantities import BY_NAME
from meters.domain.units import UnknownUnitError, factor_to

_WORD = re.compile(
    # Units first, whose capitals are no beginnings of words.
    r"(?:[kM](?:Wh|W|varh|var|VArh|VAr|VA|V)|m[AV])(?![a-z])"
    r"|[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|%"
)
# "Current L2 (A)", "Energy [kWh]".
_UNIT_AT_END = re.compile(r"\s*[(\[]\s*([^()\[\]]+?)\s*[)\]]\s*")
_PHASES = {
    **dict.fromkeys(("l1", "a", "phasea", "r", "ph1", "phase1", "line1", "p1"), "l1"),
    **dict.fromkeys(("l2", "b", "phaseb", "s", "ph2", "phase2", "line2", "p2"), "l2"),
    **dict.fromkeys(("l3", "c", "phasec", "t", "ph3", "phase3", "line3", "p3"), "l3"),
    **dict.fromkeys(("n", "neutral"), "n"),
    **dict.fromkeys(("ab", "l12", "l1l2", "12"), "l12"),
    **dict.fromkeys(("bc", "l23", "l2l3", "23"), "l23"),
    **dict.fromkeys(("ca", "l31", "l3l1", "31"), "l31"),
}
# Of a phase: "U_L1", "i l2", "V3".
_LETTERS = {"u": "voltage", "v": "voltage", "i": "current", "p": "active_power"}
# Alone: "Ua", "Uab", "Ic".
_SHORT = {
    **{f"u{phase}": ("voltage", phase) for phase in ("a", "b", "c", "ab", "bc", "ca")},
    **{f"i{phase}": ("current", phase) for phase in ("a", "b", "c")},
}
_PAIRS: dict[tuple[str, ...], str] = {
    ("l1", "l2"): "l12",
    ("l2", "l3"): "l23",
    ("l1", "l3"): "l31",
}
_OUTWARD = frozenset(
    {
        *("export", "exported", "exp", "returned", "ret", "reverse", "out", "produced"),
        *("injection", "negative", "feedin"),
    }
)
# Marks a number of a key that says which of several it is.
_NUMBERED = "#"
_SEVERAL = frozenset("23456789")
_ONE_OF = frozenset({"ct", "ch", "channel", "circuit", "socket", "outlet"})
_RATES = {"t1": "t1", "t2": "t2", "t3": "t3", "t4": "t4"}
_UNITS = {
    "w": "W",
    "kw": "kW",
    "mw": "MW",
    "wh": "Wh",
    "kwh": "kWh",
    "mwh": "MWh",
    "v": "V",
    "mv": "mV",
    "kv": "kV",
    "ma": "mA",
    "amp": "A",
    "amps": "A",
    "ampere": "A",
    "amperes": "A",
    "volt": "V",
    "volts": "V",
    "watt": "W",
    "watts": "W",
    "va": "VA",
    "kva": "kVA",
    "var": "var",
    "kvar": "kvar",
    "varh": "varh",
    "kvarh": "kvarh",
    "hz": "Hz",
    "percent": "%",
    "%": "%",
    "degc": "°C",
    "celsius": "°C",
}
# These are phases where they stand as words.
_UNITS_AT_END = {
    **_UNITS,
    "a": "A",
    "c": "°C",
    "°c": "°C",
    "℃": "°C",
    "l": "l",
    "m3": "m3",
    "m³": "m³",
    "l/h": "l/h",
    "m3/h": "m3/h",
}
# What a unit alone says of a key that does not say it ("total_kwh").
_BY_UNIT = {
    "W": "active_power",
    "kW": "active_power",
    "MW": "active_power",
    "Wh": "active_energy",
    "kWh": "active_energy",
    "MWh": "active_energy",
    "V": "voltage",
    "mV": "voltage",
    "A": "current",
    "mA": "current",
    "VA": "apparent_power",
    "kVA": "apparent_power",
    "var": "reactive_power",
    "kvar": "reactive_power",
    "varh": "reactive_energy",
    "kvarh": "reactive_energy",
    "Hz": "frequency",
}
_DEFAULT_UNITS = {
    "active_power": "W",
    "reactive_power": "var",
    "apparent_power": "VA",
    "active_demand": "W",
    "active_energy": "kWh",
    "reactive_energy": "kvarh",
}
# Something else than what is measured now, or a register that begins anew.
_OTHERWISE = frozenset(
    {
        *("max", "maximum", "min", "minimum", "peak", "average", "avg", "mean"),
        *("limit", "threshold", "setpoint", "nominal", "rated", "alarm", "start"),
        *("today", "yesterday", "daily", "day", "month", "monthly", "year", "period"),
        *("last", "count", "counter", "ratio", "angle", "predicted", "forecast"),
        *("battery", "bat", "charge", "charging", "discharge", "discharging"),
        *("cost", "price", "interval", "factory", "version", "status", "state"),
        # By the grid, or from it? Countries differ.
        "received",
    }
)


@lru_cache(maxsize=10_000)
def guess(key: str, unit: str = "") -> tuple[str, str] | None:
    """
    Return the quantity that a key means and the unit its values are in.

    Parameters
    ----------
    key : str
        As the device writes it: "voltageA", "power_w", "Energy/Active/Import", "kWh".
    unit : str
        As the device names it elsewhere; empty where it does not.

    Returns
    -------
    (quantity, unit) or None
        None where the key means nothing of the table, or it is not sure what. Power
        without a unit is in W, energy in kWh, as most devices have it.
    """
    at_end = _UNIT_AT_END.search(key)
    if at_end and at_end.end() == len(key) and at_end[1].lower() in _UNITS_AT_END:
        key, unit = key[: at_end.start()], unit or _UNITS_AT_END[at_end[1].lower()]
    key = key.replace("φ", "phi").replace("°C", " celsius").replace("°F", " f")
    words = _joined(_words(key))
    if not words or _OTHERWISE.intersection(words):
        return None
    if any(word.startswith(_NUMBERED) for word in words):
        return None
    if "f" in words and not {"temp", "temperature"}.isdisjoint(words):
        return None  # Fahrenheit
    named_unit = next((_UNITS[word] for word in words if word in _UNITS), "")
    unit = unit or named_unit
    base = _base(words, unit)
    if base is None:
        return None
    quantity = _with_part(base, words)
    if quantity is None:
        return None
    unit = unit or _DEFAULT_UNITS.get(base) or BY_NAME[quantity].unit
    try:
        factor_to(quantity, unit)
    except UnknownUnitError:
        return None
    return quantity, unit


def _words(key: str) -> list[str]:
    """Return the words of a key; numbers that tell what of several it is, marked."""
    words: list[str] = []
    for match in _WORD.finditer(key):
        word, before = match[0].lower(), key[: match.start()]
        after = key[match.end() : match.end() + 1]
        if word.isdigit() and not after.isalnum():
            is_apart = not before[-1:].isalnum()
            is_apart |= len(before) > 1 and before[-2:].isalpha()
            of_several = words[-1:] and words[-1] in _ONE_OF
            if of_several or (is_apart and word in _SEVERAL):
                word = _NUMBERED + word
        words.append(word)
    return words


def _joined(words: list[str]) -> list[str]:
    """Put together what was taken apart too far: l 1, phase a, t 2."""
    joined: list[str] = []
    is_of_phase = "phase" in words
    for marked in words:
        before = joined[-1] if joined else ""
        word = marked.removeprefix(_NUMBERED)
        if marked != word and is_of_phase and word in {"2", "3"}:
            joined.append(f"l{word}")
        elif (
            before in {"l", "t", "ph", "phase", "rate", "tariff"} and len(word) == 1
        ) or (
            # "power_p2", not "P2"
            (before == "p" and word in {"1", "2", "3"} and len(joined) > 1)
            or (before in {"l1", "l2", "l3"} and word in {"l", "n"})
            or (before == "line" and word.isdigit())
        ):
            joined[-1] = before.replace("rate", "t").replace("tariff", "t") + word
        elif before in {"l1l", "l2l", "l3l"} and word.isdigit():
            joined[-1] = before + word
        else:
            joined.append(marked)
    # L1-N is the phase.
    joined = [word[:-1] if word in {"l1n", "l2n", "l3n"} else word for word in joined]
    if "thd" in joined or len([word for word in joined if word not in _UNITS]) == 1:
        # Ua is a voltage, where it is not part of another name.
        return [part for word in joined for part in _SHORT.get(word, (word,))]
    return joined


def _base(words: list[str], unit: str) -> str | None:
    has = set(words).__contains__
    kind = (
        "reactive" if has("reactive") else "apparent" if has("apparent") else "active"
    )
    if (
        has("powerfactor")
        or has("pf")
        or has("cosphi")
        or (has("power") and has("factor"))
    ):
        return "power_factor"
    if has("factor") and kind == "active" and not has("power"):
        return "power_factor"
    if has("thd"):
        return "voltage_thd" if has("voltage") or has("u") else "current_thd"
    if has("unbalance") or has("imbalance"):
        return "voltage_unbalance" if has("voltage") else "current_unbalance"
    if has("demand"):
        return "active_demand" if kind == "active" else None
    if has("energy") or has("consumption"):
        return f"{kind}_energy" if kind != "apparent" else None
    if has("leakage") or has("residual"):
        return "residual_current"
    for word, base in (
        ("voltage", "voltage"),
        ("current", "current"),
        ("frequency", "frequency"),
        ("freq", "frequency"),
        ("temperature", "temperature"),
        ("temp", "temperature"),
        ("humidity", "humidity"),
        ("hum", "humidity"),
        ("rh", "humidity"),
        ("volume", "volume"),
        ("flow", "flow"),
    ):
        if has(word):
            return base
    if len(words) == 2 and words[0] in _LETTERS and words[1] in {*_PHASES, *"123"}:
        return _LETTERS[words[0]]
    if has("power") or words in (["active"], ["reactive"], ["apparent"]):
        by_unit = _BY_UNIT.get(unit, "") if kind == "active" else ""
        return by_unit if by_unit.endswith("_power") else f"{kind}_power"
    return _BY_UNIT.get(unit)


def _with_part(base: str, words: list[str]) -> str | None:
    """Return the quantity of a base with direction, phase or rate."""
    name = base
    is_outward = not _OUTWARD.isdisjoint(words)
    if base in {"active_energy", "reactive_energy"}:
        name += "_export" if is_outward else "_import"
    elif is_outward and base == "active_demand":
        name += "_export"
    elif is_outward and base.endswith("_power"):
        return None  # one of two powers without a sign: only both are a power
    parts = _parts(base, words)
    if len(parts) > 1:
        return None
    if parts:
        name = f"{name}_{parts.pop()}"
    elif base in {"voltage", "current", "voltage_thd", "current_thd"}:
        if "total" in words:  # of three phases: no phase has it
            return None
        name += "_l1"
    return name if name in BY_NAME else None


def _parts(base: str, words: list[str]) -> set[str]:
    """Return the phases and rates that the words name; more than one is a doubt."""
    if len(words) == 2 and words[0] in _LETTERS and words[1] in {"1", "2", "3"}:
        return {f"l{words[1]}"}
    parts = {
        table[word] for table in (_RATES, _PHASES) for word in words if word in table
    }
    if base == "temperature":
        return parts - {"l3"} if "c" in words else parts  # "temp_c" is in Celsius
    if base == "current" and len(parts) == 2 and words[-1] == "a":
        return parts - {"l1"}  # "neutral_current_a" is in ampere
    if base == "voltage" and len(parts) == 2:
        # A-N is the phase, A-B between both.
        between = sorted(parts - {"n"})
        return {between[0] if len(between) == 1 else _PAIRS.get(tuple(between), "")}
    return parts
