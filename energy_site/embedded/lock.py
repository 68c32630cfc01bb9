"""One stack at a time in one folder."""

import fcntl
from pathlib import Path
from typing import IO


class Lock:
    """A lock on a file, which ends with the process however that ends."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: IO[str] | None = None

    def take(self) -> bool:
        """Take the lock; tell whether it was free."""
        file = self.path.open("a")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False
        self._file = file
        return True
