"""Where everything lives: ``var`` in the checkout, or outside where it must."""

import hashlib
import os
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from energy_site.embedded.accounts import Account
from energy_site.embedded.console import CannotContinueError

CHECKOUT = Path(__file__).resolve().parent.parent.parent
OUTSIDE = Path("/var/lib/energy-site")
ENGINE_FOLDERS = ("postgres", "valkey", "mosquitto")
# A Unix socket's path has 107 bytes; supervisord adds a dot and a number to it.
_LONGEST_SOCKET = 107 - 12


@dataclass
class Places:
    """The folders of one stack."""

    var: Path
    # Where the engines' folders are: ``var`` itself, or one outside the checkout.
    engines: Path
    # Where programs are copied that the engines' user cannot reach.
    programs: Path
    # One sentence for each thing that is not where one would look for it.
    notes: list[str] = field(default_factory=list)

    @property
    def log(self) -> Path:
        """Return the folder of the processes' logs."""
        return self.var / "log"

    @property
    def run(self) -> Path:
        """Return the folder of what matters only while the stack runs."""
        return self.var / "run"

    @property
    def embedded_env(self) -> Path:
        """Return the file that tells other programs what is in use."""
        return self.var / "embedded.env"

    def engine(self, name: str) -> Path:
        """Return the folder of one engine."""
        return self.engines / name


def lay_out(var: Path, account: Account | None, *, outside: Path = OUTSIDE) -> Places:
    """Make the folders; the engines' outside where their user cannot come in.

    No folder that is not ours is opened wider for that.
    """
    var = var.resolve()
    try:
        if not var.is_dir():
            var.mkdir(parents=True)
        for name in ("log", "run", "mail", "beat"):
            (var / name).mkdir(mode=0o700, exist_ok=True)
        if account is not None and var.stat().st_uid == os.geteuid():
            # Engines pass through to their own folders; they cannot list this one.
            var.chmod(0o711)
        if account is None or account.can_reach(var):
            return Places(var, engines=var, programs=outside)
        return _outside(var, account, outside)
    except OSError as error:
        message = f"Cannot write in {error.filename or var}: {error.strerror}."
        raise CannotContinueError(message) from error


def _outside(var: Path, account: Account, outside: Path) -> Places:
    digest = hashlib.sha256(str(var).encode()).hexdigest()[:8]
    home = outside / f"{var.parent.name}-{digest}"
    home.mkdir(parents=True, exist_ok=True)
    for folder in (home, outside):
        folder.chmod(0o755)
    if not account.can_reach(home):
        message = f"The user {account.name}, who runs the engines, cannot reach {home}."
        raise CannotContinueError(message)
    for name in ENGINE_FOLDERS:
        _link(var / name, home / name)
    note = (
        f"A folder above {var} is closed to the user {account.name}, who runs the "
        f"engines: their data and programs are in {home}, with links from {var}."
    )
    return Places(var, engines=home, programs=outside, notes=[note])


def _link(link: Path, target: Path) -> None:
    if link.is_symlink():
        link.unlink()
    elif link.is_dir():
        # Here before the folder above was closed: the data moves along.
        shutil.move(link, target)
    link.symlink_to(target)


def socket_path(run: Path) -> Path:
    """Return a path for a Unix socket, in a short folder where ours is too deep."""
    path = run / "supervisor.sock"
    if len(os.fsencode(path)) <= _LONGEST_SOCKET:
        return path
    digest = hashlib.sha256(str(run).encode()).hexdigest()[:8]
    short = Path(tempfile.gettempdir()) / f"energy-site-{os.geteuid()}-{digest}"
    short.mkdir(mode=0o700, exist_ok=True)
    # Anyone may make folders there: use none that is not ours alone.
    status = short.lstat()
    if short.is_symlink() or status.st_uid != os.geteuid() or status.st_mode & 0o077:
        message = f"{short} is not ours alone; remove it, or move the checkout up."
        raise CannotContinueError(message)
    return short / "supervisor.sock"
