"""A disk of PostgreSQL's own that gets full: a small tmpfs, where mounting is allowed.

Elsewhere a trigger raises the error that PostgreSQL gives when it cannot write.
"""

import shutil
import subprocess
from pathlib import Path
from typing import Protocol

import psycopg
from django.db import connection
from psycopg import sql

from energy_site.embedded.engines.postgres import DATABASE, SUPERUSER, Postgres

_TABLESPACE = "small_disk"
_LARGE = "2g"
# Of the readings of a second. [bytes]
_ROOM = 64 * 1024
# SQLSTATE 53100
_RAISE = """
CREATE OR REPLACE FUNCTION disk_full() RETURNS trigger AS $$
BEGIN RAISE 'could not extend file: No space left on device' USING ERRCODE = '53100';
END $$ LANGUAGE plpgsql;
CREATE TRIGGER disk_full BEFORE INSERT ON meters_reading
FOR EACH ROW EXECUTE FUNCTION disk_full();
"""
_RELATIONS = """
SELECT relation.relkind, relation.oid::regclass::text
FROM pg_inherits part
LEFT JOIN pg_index index ON index.indrelid = part.inhrelid
JOIN pg_class relation ON relation.oid IN (part.inhrelid, index.indexrelid)
WHERE part.inhparent = 'meters_reading'::regclass
"""


class Disk(Protocol):
    """What readings are stored on."""

    kind: str

    def fill(self) -> None:
        """Leave room for no more than a second."""

    def free(self) -> None:
        """Make room again."""

    def remove(self) -> None:
        """Leave nothing behind; PostgreSQL has stopped."""


class Raised:
    """No disk: PostgreSQL is made to say that it is full."""

    kind = "raised"

    def fill(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(_RAISE)

    def free(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("DROP TRIGGER disk_full ON meters_reading")

    def remove(self) -> None:
        pass


class Tmpfs:
    """A file system of a size that can be changed."""

    kind = "tmpfs"

    def __init__(self, folder: Path, postgres: Postgres) -> None:
        self._folder = folder
        self._postgres = postgres

    def mount(self) -> bool:
        """Mount it, or return False where that is not allowed."""
        mount = shutil.which("mount")
        if mount is None:
            return False
        self._folder.mkdir()
        options = f"size={_LARGE},mode=0700"
        if self._postgres.account is not None:
            uid, gid = self._postgres.account.ids
            options += f",uid={uid},gid={gid}"
        command = [mount, "-t", "tmpfs", "-o", options, "tmpfs", str(self._folder)]
        return subprocess.run(command, check=False, capture_output=True).returncode == 0

    def fill(self) -> None:
        """Move the readings to it, and make it hardly larger than they are."""
        with self._superuser() as database:
            database.execute(
                sql.SQL("CREATE TABLESPACE {} LOCATION {}").format(
                    sql.Identifier(_TABLESPACE), sql.Literal(str(self._folder))
                )
            )
            for kind, name in database.execute(_RELATIONS).fetchall():
                what = "INDEX" if kind == "i" else "TABLE"
                # The name is PostgreSQL's own, quoted where it must be.
                database.execute(
                    f"ALTER {what} {name} SET TABLESPACE {_TABLESPACE}".encode()
                )
            # Pages that are empty still, or were left by a kill, would have room.
            database.execute("VACUUM FULL meters_reading")
        self._resize(str(shutil.disk_usage(self._folder).used + _ROOM))

    def free(self) -> None:
        self._resize(_LARGE)

    def remove(self) -> None:
        subprocess.run(["umount", str(self._folder)], check=True)

    def _resize(self, size: str) -> None:
        options = f"remount,size={size}"
        subprocess.run(["mount", "-o", options, str(self._folder)], check=True)

    def _superuser(self) -> psycopg.Connection:
        return psycopg.connect(
            host=self._postgres.address,
            port=self._postgres.port,
            user=SUPERUSER,
            password=self._postgres.credentials.postgres,
            dbname=DATABASE,
            autocommit=True,
        )


def small_disk(folder: Path, postgres: Postgres) -> Disk:
    """Return a disk for PostgreSQL, mounted at a folder that is not there yet."""
    disk = Tmpfs(folder, postgres)
    return disk if disk.mount() else Raised()
