"""Brokers of both kinds, an ingest process that reads from them, and a meter."""

from collections.abc import Iterator

import pytest

from conftest import IngestProcess, Publisher, publishing, running_ingest
from energy_site.embedded.credentials import Credentials
from energy_site.embedded.engines.amqtt.server import Amqtt
from energy_site.embedded.engines.broker import Broker
from energy_site.embedded.engines.mosquitto import Mosquitto, installed_program

# Every test here reads what another process has committed.
pytestmark = pytest.mark.django_db(transaction=True)

KINDS = [
    pytest.param(
        Mosquitto,
        id="mosquitto",
        marks=pytest.mark.skipif(
            installed_program() is None, reason="there is no Mosquitto on this machine"
        ),
    ),
    pytest.param(Amqtt, id="amqtt"),
]


@pytest.fixture(params=KINDS)
def broker(request, tmp_path) -> Iterator[Broker]:
    server = request.param(tmp_path / "broker", credentials=Credentials())
    server.start()
    yield server
    server.stop()


@pytest.fixture
def ingest(broker, tmp_path, transactional_db) -> Iterator[IngestProcess]:
    with running_ingest(broker.url_for("ingest"), tmp_path / "ingest.log") as process:
        yield process


@pytest.fixture
def meter(broker) -> Iterator[Publisher]:
    """A connection with the login of a meter."""
    with publishing(broker.url_for("meters")) as publisher:
        yield publisher
