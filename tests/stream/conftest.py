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

MOSQUITTO = pytest.param(
    Mosquitto,
    id="mosquitto",
    marks=pytest.mark.skipif(
        installed_program() is None, reason="there is no Mosquitto on this machine"
    ),
)
KINDS = [MOSQUITTO, pytest.param(Amqtt, id="amqtt")]
# Of what amqtt lacks: MQTT 5 and its shared subscriptions.
on_mosquitto = pytest.mark.parametrize("broker", [MOSQUITTO], indirect=True)


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
