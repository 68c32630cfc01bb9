"""The amqtt broker as a server of its own: where there is no Mosquitto."""

import sys
from pathlib import Path
from typing import ClassVar

import msgspec

from energy_site.embedded.engines.amqtt.access import Configuration
from energy_site.embedded.engines.broker import LARGEST_MESSAGE, LOGINS, BrokerServer
from energy_site.embedded.memory import MEGABYTE, free_disk, share, total_memory
from energy_site.embedded.places import CHECKOUT
from meters.broker.private_files import write_private


class Amqtt(BrokerServer):
    """amqtt with the same logins, in a process of its own. Speaks MQTT 3.1.1."""

    kind: ClassVar[str] = "amqtt"
    title: ClassVar[str] = "amqtt"

    @property
    def configuration(self) -> Path:
        """Return the broker's configuration file."""
        return self.directory / "amqtt.json"

    def prepare(self) -> None:
        self.make_directory(self.directory)
        room = min(total_memory(), free_disk(self.directory))
        settings = Configuration(
            address=self.address,
            port=self.port,
            snapshot=str(self.directory / "sessions.msgpack"),
            # A message takes more in Python's memory than in Mosquitto's.
            room=share(room, 16, least=64, most=1024) * MEGABYTE,
            largest=LARGEST_MESSAGE,
            passwords={login: self.credentials.of_login(login) for login in LOGINS},
            may=LOGINS,
        )
        text = msgspec.json.encode(settings).decode()
        owner = self.account.ids if self.account else None
        write_private(self.configuration, text, owner=owner)

    def command(self) -> list[str]:
        module = "energy_site.embedded.engines.amqtt.process"
        return [sys.executable, "-m", module, str(self.configuration)]

    def environment(self) -> dict[str, str]:
        return {"PYTHONPATH": str(CHECKOUT)}
