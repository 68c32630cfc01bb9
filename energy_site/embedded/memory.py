"""How much memory and disk this machine lets us use."""

import shutil
from pathlib import Path

import psutil

MEGABYTE = 1024 * 1024
_CONTAINER_LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)


def total_memory(*, limits: tuple[Path, ...] = _CONTAINER_LIMITS) -> int:
    """Return the memory of the machine, or of the container we are in. [bytes]"""
    known = [int(psutil.virtual_memory().total)]
    for path in limits:
        try:
            known.append(int(path.read_text(encoding="ascii")))
        except (OSError, ValueError):
            continue  # no such limit, or "max"
    return min(known)


def free_disk(path: Path) -> int:
    """Return the space left on the disk that holds a folder. [bytes]"""
    return shutil.disk_usage(path).free


def share(whole: int, divisor: int, *, least: int, most: int) -> int:
    """Return a part of a size, in whole megabytes, within bounds given in megabytes."""
    return max(least, min(most, whole // divisor // MEGABYTE))
