"""To how many decimals the meters show their values."""

_BY_PREFIX = (
    ("voltage_thd", 2),
    ("voltage_unbalance", 2),
    ("voltage", 1),
    ("current_thd", 2),
    ("current_unbalance", 2),
    ("current", 2),
    ("residual_current", 3),
    ("frequency", 2),
    ("active_energy", 2),
    ("reactive_energy", 2),
    ("active_", 3),
    ("reactive_", 3),
    ("apparent_", 3),
    ("power_factor", 3),
    ("temperature", 1),
)


def decimals_of(name: str) -> int:
    """Return the decimals of a quantity."""
    return next((n for prefix, n in _BY_PREFIX if name.startswith(prefix)), 0)
