"""A PostgreSQL cluster of our own: made, sized, started."""

import shutil
import signal
import subprocess
from pathlib import Path
from typing import ClassVar

import psutil
import psycopg
from psycopg import sql

from energy_site.embedded.accounts import Account
from energy_site.embedded.console import CannotContinueError
from energy_site.embedded.credentials import Credentials
from energy_site.embedded.engines.postgres_programs import installed_programs, release
from energy_site.embedded.engines.server import NotReadyError, Server
from energy_site.embedded.memory import share, total_memory
from meters.broker.private_files import write_private

SUPERUSER = "postgres"
ROLE = "energy_site"
DATABASE = "energy_site"
_OUR_SETTINGS = "energy_site.conf"


class Postgres(Server):
    """A PostgreSQL cluster with one database and the role that owns it."""

    name: ClassVar[str] = "postgres"
    title: ClassVar[str] = "PostgreSQL"
    stop_signal = signal.SIGINT  # "fast": no new clients, transactions rolled back
    patience = 60

    def __init__(
        self,
        directory: Path,
        *,
        credentials: Credentials,
        port: int | None = None,
        account: Account | None = None,
        programs: Path | None = None,
        durable: bool = True,
    ) -> None:
        super().__init__(directory, port=port, account=account)
        self.credentials = credentials
        self.programs = programs or installed_programs()
        # Without it a power cut loses everything: for throw-away clusters only.
        self.durable = durable

    @property
    def data(self) -> Path:
        """Return PostgreSQL's own folder."""
        return self.directory / "data"

    @property
    def url(self) -> str:
        """Return the URL of the portal's database."""
        password = self.credentials.database
        return f"postgresql://{ROLE}:{password}@{self.address}:{self.port}/{DATABASE}"

    def prepare(self) -> None:
        self.make_directory(self.directory)
        if not self.data.is_dir():
            self._create_cluster()
        self._refuse_other_version()
        write_private(
            self.data / _OUR_SETTINGS,
            "".join(f"{name} = {value}\n" for name, value in self.settings().items()),
            owner=self.account.ids if self.account else None,
        )
        self._forget_dead_server()

    def command(self) -> list[str]:
        program = str(self.programs / "bin" / "postgres")
        return [program, "-D", str(self.data), "-p", str(self.port)]

    def check(self) -> None:
        try:
            with self._superuser_connection() as connection:
                connection.execute("SELECT 1")
        except psycopg.OperationalError as error:
            raise NotReadyError(str(error)) from error

    def start(self, *, timeout: float = 60) -> None:
        super().start(timeout=timeout)
        self.create_database()

    def create_database(self) -> None:
        """Make the portal's role and database; what is there already stays."""
        role, database = sql.Identifier(ROLE), sql.Identifier(DATABASE)
        password = sql.Literal(self.credentials.database)
        with self._superuser_connection() as connection:
            known = "SELECT 1 FROM pg_roles WHERE rolname = %s"
            if connection.execute(known, [ROLE]).fetchone() is None:
                # CREATEDB: tests make databases of their own.
                connection.execute(sql.SQL("CREATE ROLE {} CREATEDB").format(role))
            connection.execute(
                sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}").format(role, password)
            )
            known = "SELECT 1 FROM pg_database WHERE datname = %s"
            if connection.execute(known, [DATABASE]).fetchone() is None:
                connection.execute(
                    sql.SQL("CREATE DATABASE {} OWNER {}").format(database, role)
                )

    def settings(self) -> dict[str, str]:
        """Return PostgreSQL's settings: durable, and sized for series of readings."""
        memory = total_memory()
        buffers = share(memory, 8, least=128, most=1024)
        maintenance = share(memory, 16, least=64, most=512)
        durable = "on" if self.durable else "off"
        return {
            "listen_addresses": f"'{self.address}'",
            # No socket file: its path may not be longer than 107 bytes.
            "unix_socket_directories": "''",
            "max_connections": "100",
            "shared_buffers": f"{buffers}MB",
            "effective_cache_size": f"{share(memory, 2, least=256, most=65536)}MB",
            "maintenance_work_mem": f"{maintenance}MB",
            "work_mem": "16MB",
            # Readings arrive all the time: few, long checkpoints write least.
            "max_wal_size": "4GB",
            "checkpoint_timeout": "15min",
            "wal_compression": "on",
            "random_page_cost": "1.1",
            # Plans over many partitions would be compiled longer than they run.
            "jit": "off",
            "fsync": durable,
            "synchronous_commit": durable,
            "full_page_writes": durable,
            "timezone": "'UTC'",
            "log_timezone": "'UTC'",
            "log_line_prefix": "'%m [%p] %q%a '",
        }

    def _superuser_connection(self) -> psycopg.Connection:
        return psycopg.connect(
            host=self.address,
            port=self.port,
            user=SUPERUSER,
            password=self.credentials.postgres,
            dbname="postgres",
            connect_timeout=5,
            autocommit=True,
        )

    def _create_cluster(self) -> None:
        # Under another name until it is whole: a start that was cut short leaves
        # nothing that looks like a cluster.
        fresh = self.directory / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        password = self.directory / "password"
        owner = self.account.ids if self.account else None
        write_private(password, self.credentials.postgres, owner=owner)
        # The locale is PostgreSQL's own: an index stays right when the C library of
        # the machine is replaced, and no locale need be installed.
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        try:
            made = subprocess.run(  # noqa: S603
                [
                    str(self.programs / "bin" / "initdb"),
                    f"--pgdata={fresh}",
                    f"--username={SUPERUSER}",
                    f"--pwfile={password}",
                    "--auth=scram-sha-256",
                    "--encoding=UTF8",
                    *locale,
                    *([] if self.durable else ["--no-sync"]),
                ],
                user=self.account.uid if self.account else None,
                group=self.account.gid if self.account else None,
                extra_groups=[] if self.account else None,
                cwd=self.directory,
                capture_output=True,
                text=True,
                errors="replace",
                check=False,
            )
        finally:
            password.unlink()
        if made.returncode != 0:
            reason = (made.stderr.strip().splitlines() or ["it gave no reason"])[0]
            message = f"PostgreSQL cannot make its files in {fresh}: {reason}"
            raise CannotContinueError(message)
        with (fresh / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write(f"include = '{_OUR_SETTINGS}'\n")
        fresh.rename(self.data)

    def _refuse_other_version(self) -> None:
        made_by = (self.data / "PG_VERSION").read_text(encoding="ascii").strip()
        ours = release()
        if made_by != ours:
            message = (
                f"{self.data} was made by PostgreSQL {made_by}, and this is {ours}: "
                "copy it with pg_dump of the old release and restore it into a new one."
            )
            raise CannotContinueError(message)

    def _forget_dead_server(self) -> None:
        """Remove a pid file whose number now belongs to somebody else.

        PostgreSQL takes any living process of that number for itself and refuses to
        start; after a restart of a container the numbers are the same small ones.
        """
        pid_file = self.data / "postmaster.pid"
        try:
            pid = int(pid_file.read_text(encoding="utf-8").split("\n", 1)[0])
            command = psutil.Process(pid).cmdline()
        except (OSError, ValueError, psutil.Error):
            return  # PostgreSQL itself copes with a number that nobody has
        if str(self.data) not in command:
            pid_file.unlink()
