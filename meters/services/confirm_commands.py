"""Confirms commands by what devices say of themselves."""

from collections.abc import Collection
from datetime import datetime

from meters.families import Answer, OutputState


def confirm_commands(
    *,
    outputs: list[tuple[int, OutputState]],
    answers: list[tuple[str, Answer]],
    read: Collection[int],
    now: datetime,
) -> None:
    """
    Confirm the commands that wait for one of these.

    Parameters
    ----------
    outputs : list of (meter id, state)
        How outputs stand, as their devices say.
    answers : list of (family, answer)
        What devices have answered to commands.
    read : collection of int
        Ids of the meters that have just sent a reading of now.
    """
