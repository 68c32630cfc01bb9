"""Topic filters of devices that publish below a prefix of their site."""

# Parts that a prefix may have; MQTT has no filter for "any number, then this".
_LONGEST_PREFIX = 3


def prefixed(*filters: str) -> tuple[str, ...]:
    """Return the filters, and the same below prefixes of up to three parts."""
    return tuple(
        "+/" * parts + each for each in filters for parts in range(_LONGEST_PREFIX + 1)
    )
