"""What a simulator remembers from one run to the next, in a small file.

The plant needs no memory. This is how far it has published to a broker, and which
incidents were asked for: they have left traces in the registers.
"""

import hashlib
from pathlib import Path

import msgspec

from meters.broker import BrokerAddress
from meters.domain.plant import Incident


class State(msgspec.Struct):
    """
    Attributes
    ----------
    until : float or None
        All before this instant is published. [s since 1970]
    requested : list of Incident
    """

    until: float | None = None
    requested: list[Incident] = []


def path_of(directory: Path, *, seed: int, address: BrokerAddress) -> Path:
    """Return the file of a plant and a broker."""
    broker = hashlib.sha256(str(address).encode()).hexdigest()[:12]
    return directory / f"plant-{seed}-{broker}.json"


def load(path: Path) -> State:
    """Return what was kept; nothing where the file is missing or cannot be read."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=State)
    except (OSError, msgspec.DecodeError):
        return State()


def save(path: Path, state: State) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".new")
    beside.write_bytes(msgspec.json.encode(state))
    beside.replace(path)
