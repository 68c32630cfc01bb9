"""How tests of the families decode a message: as ingest does, by its topic."""

import json
from datetime import UTC, datetime

from meters.families import Decoded, Message, Registry

RECEIVED = datetime(2026, 7, 1, 12, 0, 0, 250_000, tzinfo=UTC)


def message(topic: str, payload: object, **fields: object) -> Message:
    """Return a message; a payload that is no bytes and no text becomes JSON."""
    if isinstance(payload, str):
        payload = payload.encode()
    if not isinstance(payload, bytes):
        payload = json.dumps(payload).encode()
    return Message(topic, payload, RECEIVED, **fields)


def decode(
    topic: str,
    payload: object,
    *,
    registry: Registry | None = None,
    family: str | None = None,
    **fields: object,
) -> Decoded:
    """Decode one message by a registry of its own, or the one given."""
    return (registry or Registry()).decode(
        message(topic, payload, **fields), family=family
    )


def quantities(decoded: Decoded) -> dict[str, dict[str, float]]:
    """Return quantities by device, of all readings together."""
    found: dict[str, dict[str, float]] = {}
    for reading in decoded.readings:
        found.setdefault(reading.device, {}).update(reading.quantities)
    return found
