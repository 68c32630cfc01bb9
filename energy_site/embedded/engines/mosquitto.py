"""Mosquitto, where one is installed: the broker of choice.

Its queues survive an orderly stop; a crash loses at most what came in the five
seconds since the last snapshot.
"""

import os
import shutil
from pathlib import Path
from typing import ClassVar

from energy_site.embedded.console import CannotContinueError
from energy_site.embedded.engines.broker import LARGEST_MESSAGE, LOGINS, BrokerServer
from energy_site.embedded.memory import MEGABYTE, free_disk, share, total_memory
from meters.broker.passwords import password_hash
from meters.broker.private_files import write_private

# Debian keeps it where an ordinary user's PATH does not look.
_ALSO_IN = ("/usr/sbin", "/usr/local/sbin", "/sbin")


def installed_program() -> Path | None:
    """Return Mosquitto where this machine has it."""
    path = os.pathsep.join((os.environ.get("PATH", ""), *_ALSO_IN))
    found = shutil.which("mosquitto", path=path)
    return Path(found) if found else None


class Mosquitto(BrokerServer):
    """A Mosquitto with passwords, access lists and queues that lose nothing."""

    kind: ClassVar[str] = "mosquitto"
    title: ClassVar[str] = "Mosquitto"

    @property
    def configuration(self) -> Path:
        """Return the broker's configuration file."""
        return self.directory / "mosquitto.conf"

    def prepare(self) -> None:
        self.make_directory(self.directory)
        owner = self.account.ids if self.account else None
        for name, text in {
            "mosquitto.conf": self._configuration(),
            "passwords": self._passwords(),
            "access": self._access(),
        }.items():
            write_private(self.directory / name, text, owner=owner)

    def command(self) -> list[str]:
        program = installed_program()
        if program is None:
            message = "Mosquitto is not installed."
            raise CannotContinueError(message)
        return [str(program), "-c", str(self.configuration)]

    def _configuration(self) -> str:
        room = min(total_memory(), free_disk(self.directory))
        queue = share(room, 4, least=64, most=4096) * MEGABYTE
        lines = [
            f"listener {self.port} {self.address}",
            "allow_anonymous false",
            f"password_file {self.directory / 'passwords'}",
            f"acl_file {self.directory / 'access'}",
            "persistence true",
            f"persistence_location {self.directory}/",
            "autosave_interval 5",
            "autosave_on_changes false",
            # By default 1,000: what an absent subscriber misses would be dropped.
            "max_queued_messages 0",
            # Each client's, in memory and in the snapshot.
            f"max_queued_bytes {queue}",
            "max_inflight_messages 10000",
            f"message_size_limit {LARGEST_MESSAGE}",
            "log_dest stdout",
            "log_type error",
            "log_type warning",
            "log_type notice",
            "log_timestamp_format %Y-%m-%dT%H:%M:%S",
        ]
        if self.account is None and os.geteuid() == 0:
            # It would become the user "mosquitto", who cannot write its queues here.
            lines.append("user root")
        return "\n".join(lines) + "\n"

    def _passwords(self) -> str:
        hashes = {
            login: password_hash(self.credentials.of_login(login)) for login in LOGINS
        }
        return "".join(f"{login}:{text}\n" for login, text in hashes.items())

    def _access(self) -> str:
        rules = [f"user {login}\ntopic {may} #\n" for login, may in LOGINS.items()]
        # The broker's own figures, for the portal's check of its surroundings.
        return "\n".join(rules) + "topic read $SYS/#\n"
