"""What the codecs of LoRaWAN devices call quantities: "voltage_l1", "activePower".

A name is taken only where every word of it is understood: "current_max" and
"total_current" (ampere-hours of one maker) are something else.
"""

import re

from meters.domain.quantities import BY_NAME
from meters.domain.units import UnknownUnitError, factor_to

_UNIT = re.compile(
    r"(?P<head>.+?)(?:[\s_.(\[/-]+(?P<apart>mV|kV|V|mA|A|MWh|kWh|Wh|kvarh|varh|kVArh|VArh|MW|kW|W"
    r"|kvar|var|kVAr|VAr|kVA|VA|Hz|°C|℃|degC|%|percent)|(?P<joined>kWh|KWh|MWh|Wh|kW|mA|kvarh"
    r"|kvar|kVA|Hz))[)\]\s]*",
)
_SPELLED = {
    spelling.lower(): spelling
    for spelling in (
        *("mV", "kV", "V", "mA", "A", "kWh", "Wh", "kvarh", "varh", "kW", "W"),
        *("kvar", "var", "kVA", "VA", "Hz", "°C", "℃", "degC", "C", "%"),
    )
}
_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+\d*|[A-Z]+\d*|\d+")
_PHASES = {
    **{f"l{n}{end}": f"l{n}" for n in (1, 2, 3) for end in ("", "n")},
    **{f"phase{n}": f"l{n}" for n in (1, 2, 3)},
    "a": "l1",
    "b": "l2",
    "c": "l3",
    "phasea": "l1",
    "phaseb": "l2",
    "phasec": "l3",
}
_PAIRS = {"ab": "l12", "bc": "l23", "ca": "l31", "l12": "l12", "l23": "l23"}
_RATES = {
    f"{word}{n}": f"t{n}" for word in ("t", "tariff", "rate") for n in range(1, 5)
}
_SAID_ANYWAY = frozenset(
    [
        "total",
        "sum",
        "value",
        "val",
        "instant",
        "instantaneous",
        "rms",
        "present",
        "meter",
        "grid",
        "ac",
        "line",
        "phase",
        "system",
        "measured",
        "reading",
        "l123",
    ]
)
_IMPORT = frozenset(["import", "imported", "forward", "positive", "consumed"])
_EXPORT = frozenset(["export", "exported", "reverse", "negative", "returned"])
# What stands for what, and the unit where the name has none: none where it could be
# two.
_BASES: dict[frozenset[str], tuple[str, str | None]] = {
    frozenset(words.split()): (name, unit)
    for name, unit, spellings in (
        ("voltage", "V", "voltage,volt,volts"),
        ("current", "A", "current,amps"),
        ("current_n", "A", "current n,neutral current,current neutral"),
        ("power_factor", "", "power factor,pf,powerfactor,cos phi,cosphi"),
        ("frequency", "Hz", "frequency,freq"),
        ("active_power", None, "power,active power,real power"),
        ("reactive_power", None, "reactive power"),
        ("apparent_power", None, "apparent power"),
        ("active_energy", None, "energy,active energy,power consumption"),
        ("reactive_energy", None, "reactive energy"),
        ("temperature", "°C", "temperature,temp"),
        ("humidity", "%", "humidity,hum"),
    )
    for words in spellings.split(",")
}
# What a unit alone says, of a name that says nothing else: "kWh", "total_kW".
_BY_UNIT = {
    **dict.fromkeys(("Wh", "kWh", "MWh"), "active_energy"),
    **dict.fromkeys(("varh", "kvarh"), "reactive_energy"),
    **dict.fromkeys(("W", "kW", "MW"), "active_power"),
    **dict.fromkeys(("var", "kvar"), "reactive_power"),
    **dict.fromkeys(("VA", "kVA"), "apparent_power"),
    "Hz": "frequency",
}
_TIMES = frozenset(["time", "timestamp", "datetime"])
_OF_TIME = _TIMES | frozenset(
    [
        "measurement",
        "measured",
        "meter",
        "data",
        "date",
        "reading",
        "datalogger",
        "index",
        "device",
        "utc",
        "unix",
        "ms",
        "ts",
    ]
)


def words_of(key: str) -> list[str]:
    """Return the words of a name in snake_case, camelCase or plain text."""
    return [word.lower() for word in _WORD.findall(key)]


def names_a_time(key: str) -> bool:
    """Return whether a field of this name tells when was measured."""
    words = set(words_of(key))
    return not words.isdisjoint(_TIMES) and words <= _OF_TIME


def quantity_of(key: str) -> tuple[str, str | None] | None:
    """
    Return quantity and unit that a name means; None where not all of it is understood.

    The unit is None where neither the name nor the quantity tells it.
    """
    head, unit = _split_unit(key)
    found = _quantity(words_of(head), alone=_BY_UNIT.get(unit or "", ""))
    if unit is not None and (found is None or not _fits(found[0], unit)):
        # "voltage_a" is a phase, not a voltage in ampere.
        found, unit = _quantity(words_of(key)), None
    if found is None:
        return None
    return found[0], unit if unit is not None else found[1]


def _split_unit(key: str) -> tuple[str, str | None]:
    if _BY_UNIT.get(_SPELLED.get(key.lower(), "")):
        return "", _SPELLED[key.lower()]
    match = _UNIT.fullmatch(key)
    if match:
        unit = match["apart"] or match["joined"]
        return match["head"], {"percent": "%", "KWh": "kWh"}.get(unit, unit)
    head, _, last = key.rpartition("_")
    spelled = _SPELLED.get(last.lower())
    return (head, spelled) if head and spelled else (key, None)


def _fits(quantity: str, unit: str) -> bool:
    try:
        factor_to(quantity, unit)
    except UnknownUnitError:
        return False
    return True


def _quantity(words: list[str], alone: str = "") -> tuple[str, str | None] | None:
    rest: set[str] = set()
    phases: list[str] = []
    pair = rate = direction = ""
    if "total" in words and "current" in words:
        return None
    for index, word in enumerate(words):
        if word in _PHASES:
            phases.append(_PHASES[word])
        elif word in {"1", "2", "3"} and index and words[index - 1] in {"phase", "l"}:
            phases.append(f"l{word}")
        elif word in _PAIRS:
            pair = _PAIRS[word]
        elif word in _RATES:
            rate = _RATES[word]
        elif word in _IMPORT:
            direction = "import"
        elif word in _EXPORT:
            direction = "export"
        elif word == "n" and phases:
            continue  # "L2N": against the neutral
        elif word not in _SAID_ANYWAY:
            rest.add(word)
    base = _BASES.get(frozenset(rest)) if rest or not alone else (alone, None)
    if base is None:
        return None
    if len(phases) == 2 and base[0] == "voltage":
        pair = {"l1l2": "l12", "l2l3": "l23", "l3l1": "l31", "l1l3": "l31"}.get(
            "".join(phases), "?"
        )
    elif len(phases) > 1:
        return None
    name = _name(base[0], direction, pair, phases[0] if phases else "", rate)
    return (name, base[1]) if name in BY_NAME else None


def _name(base: str, direction: str, pair: str, phase: str, rate: str) -> str:
    """Return the name of the one table; one that is not in it, for what cannot be."""
    part = pair or (f"{phase}_{rate}" if phase and rate else phase or rate)
    if base in {"voltage", "current"} and not direction:
        return f"{base}_{part or 'l1'}"
    if base.endswith("_energy"):
        base = f"{base}_{direction or 'import'}"
    elif direction:
        return ""
    return f"{base}_{part}" if part else base
