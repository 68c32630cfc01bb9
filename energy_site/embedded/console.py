"""What the person who started the stack reads."""

import sys


class CannotContinueError(Exception):
    """Nothing more can be done; the message is one sentence for the person."""


def say(line: str = "") -> None:
    """Write one line to the person, at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
