"""celery beat, whose memory of past runs may be broken by a kill -9.

``python -m energy_site.embedded.beat FILE`` looks at that memory first: celery does
not start with a file that was cut off. Without one, it only forgets what ran when.
"""

import os
import shelve
import sys
from pathlib import Path


def forget_if_broken(schedule: Path) -> bool:
    """Remove a schedule that cannot be read; tell whether there was one."""
    try:
        with shelve.open(str(schedule), "r") as kept:  # noqa: S301  # our own file
            dict(kept)
    except Exception:
        # Whatever a half-written file makes of the unpickler.
        left = list(schedule.parent.glob(f"{schedule.name}*"))
        for file in left:
            file.unlink()
        return bool(left)
    return False


def main() -> None:
    """Look at the schedule, and become celery beat."""
    schedule = Path(sys.argv[1])
    forget_if_broken(schedule)
    celery = ["-m", "celery", "-A", "energy_site", "beat", "--loglevel", "INFO"]
    command = [sys.executable, *celery, "-s", str(schedule)]
    os.execv(sys.executable, command)  # noqa: S606


if __name__ == "__main__":
    main()
