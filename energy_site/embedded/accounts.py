"""Which system user the engines run as.

PostgreSQL refuses to run as root. When root starts the stack, the engines run as a
system user of their own that owns nothing but their data; it has no password, no
shell and no home. Anyone else runs them as themselves.
"""

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from energy_site.embedded.console import CannotContinueError

ENGINE_USER = "energy-site"
# Where no user can be made: every system has this one.
LAST_RESORT = "nobody"


@dataclass(frozen=True)
class Account:
    """A system user that engines run as."""

    name: str
    uid: int
    gid: int

    @property
    def ids(self) -> tuple[int, int]:
        """Return user and group, as ``os.chown`` takes them."""
        return self.uid, self.gid

    def can_reach(self, path: Path) -> bool:
        """Tell whether this user may pass through to a folder or run a program."""
        # Asked of the kernel as that user: modes alone would miss access lists.
        asked = subprocess.run(  # noqa: S603
            ["/bin/sh", "-c", 'test -x "$1"', "sh", str(path)],
            user=self.uid,
            group=self.gid,
            extra_groups=[],
            cwd="/",
            check=False,
        )
        return asked.returncode == 0


def account_of_engines(existing_data: Path | None = None) -> Account | None:
    """Return the user for the engines, or None where they run as the caller.

    Data that already belongs to somebody stays theirs: ``sudo bin/up`` in the folder
    of a person who started it before runs the engines as that person.
    """
    if os.geteuid() != 0:
        return None
    if existing_data is not None and existing_data.exists():
        owner = existing_data.stat().st_uid
        if owner != 0:
            return _by_uid(owner)
    return _by_name(ENGINE_USER) or _made(ENGINE_USER) or _last_resort()


def _by_uid(uid: int) -> Account:
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        message = (
            f"The data belongs to user number {uid}, whom this machine does not know."
        )
        raise CannotContinueError(message) from None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _by_name(name: str) -> Account | None:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _made(name: str) -> Account | None:
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if useradd is None:
        return None
    options = ["--system", "--user-group", "--no-create-home"]
    nowhere = ["--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin"]
    # Its status says little: a stack that starts beside us may have been quicker.
    subprocess.run(  # noqa: S603
        [useradd, *options, *nowhere, name], check=False, capture_output=True
    )
    return _by_name(name)


def _last_resort() -> Account:
    account = _by_name(LAST_RESORT)
    if account is None:
        message = (
            "PostgreSQL refuses to run as root, and no other user was found: "
            f"make a system user named {ENGINE_USER}, or start bin/up as an ordinary "
            "user."
        )
        raise CannotContinueError(message)
    return account
