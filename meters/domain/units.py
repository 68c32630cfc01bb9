"""Units as devices name them, and how their values become those of the one table."""

from meters.domain.quantities import BY_NAME

# What one of these is in the table's unit: {table's unit: {spelling: factor}}.
_IN_UNIT: dict[str, dict[str, float]] = {
    "V": {"V": 1, "mV": 1e-3, "kV": 1e3},
    "A": {"A": 1, "mA": 1e-3, "kA": 1e3},
    "kW": {"W": 1e-3, "kW": 1, "MW": 1e3, "mW": 1e-6, "GW": 1e6},
    "kvar": {"var": 1e-3, "kvar": 1, "Mvar": 1e3},
    "kVA": {"VA": 1e-3, "kVA": 1, "MVA": 1e3},
    "Hz": {"Hz": 1, "mHz": 1e-3, "kHz": 1e3},
    "kWh": {
        "Wh": 1e-3,
        "kWh": 1,
        "MWh": 1e3,
        "GWh": 1e6,
        "mWh": 1e-6,
        "Wmin": 1e-3 / 60,
        "Ws": 1e-3 / 3600,
        "J": 1e-3 / 3600,
        "kJ": 1 / 3600,
        "MJ": 1 / 3.6,
        "GJ": 1e3 / 3.6,
    },
    "kvarh": {"varh": 1e-3, "kvarh": 1, "Mvarh": 1e3},
    "°C": {"°C": 1, "C": 1, "degC": 1, "Cel": 1, "℃": 1},
    "%": {"%": 1, "%RH": 1, "/": 100},
    "m³": {"m³": 1, "m3": 1, "l": 1e-3, "L": 1e-3, "dm3": 1e-3, "ft³": 0.028316846592},
    "m³/h": {
        "m³/h": 1,
        "m3/h": 1,
        "l/h": 1e-3,
        "L/h": 1e-3,
        "l/min": 0.06,
        "L/min": 0.06,
        "l/s": 3.6,
    },
    # SenML writes a ratio as "/".
    "": {"": 1, "1": 1, "/": 1, "%": 0.01, "cos": 1, "Cos": 1, "cos φ": 1, "cosPhi": 1},
}
# Spellings differ in case where no other unit is meant by it: "KWH", "kwh", "KVAr".
_BY_LOWER = {
    unit: {spelling.lower(): factor for spelling, factor in spellings.items()}
    for unit, spellings in _IN_UNIT.items()
}
# In lower case these would be another unit: MW is not mW.
_AMBIGUOUS = frozenset({"mw", "mwh", "mv", "ma", "mhz", "mj"})


class UnknownUnitError(ValueError):
    """The unit is not one that the quantity can be given in."""


def factor_to(quantity: str, unit: str) -> float:
    """
    Return by what a value in `unit` is multiplied to be in the quantity's own unit.

    Parameters
    ----------
    quantity : str
        Name of the one table.
    unit : str
        As the device writes it: "W", "kWh", "KVAR", "Wmin", "m3".

    Raises
    ------
    UnknownUnitError
        The quantity is not measured in that unit.
    """
    own = BY_NAME[quantity].unit
    plain = unit.strip().replace("VAr", "var").replace("VAR", "var")
    if quantity == "signal_strength":
        return 1.0
    exact = _IN_UNIT[own].get(plain)
    if exact is not None:
        return float(exact)
    lower = plain.lower()
    if lower not in _AMBIGUOUS and lower in _BY_LOWER[own]:
        return float(_BY_LOWER[own][lower])
    raise UnknownUnitError(f"{quantity} is in {own or 'no unit'}, not in “{unit}”.")


def to_table(value: float, *, unit: str, quantity: str) -> float:
    """Return a value given in `unit` in the quantity's own unit of the one table."""
    factor = factor_to(quantity, unit)
    # 56 W are 0.056 kW, not 0.056000000000000001.
    return value if factor == 1.0 else float(f"{value * factor:.12g}")
