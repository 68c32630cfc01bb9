"""Real engines in folders of their own, on free ports."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from energy_site.embedded.accounts import account_of_engines
from energy_site.embedded.credentials import Credentials
from energy_site.embedded.engines.amqtt.server import Amqtt
from energy_site.embedded.engines.mosquitto import Mosquitto, installed_program
from energy_site.embedded.places import lay_out


@pytest.fixture
def credentials():
    return Credentials()


@pytest.fixture(scope="session")
def account():
    """The user engines run as; None unless root runs the tests."""
    return account_of_engines()


@pytest.fixture
def places(account):
    # Not tmp_path: pytest closes that to other users, and the engines' may be one.
    var = Path(tempfile.mkdtemp(prefix="energy-site-test-"))
    outside = Path(tempfile.mkdtemp(prefix="energy-site-test-"))
    outside.chmod(0o711)
    yield lay_out(var, account, outside=outside)
    shutil.rmtree(var)
    shutil.rmtree(outside)


@pytest.fixture(params=[Mosquitto, Amqtt], ids=["mosquitto", "amqtt"])
def broker(request, tmp_path, credentials):
    """Each of the two brokers, started."""
    kind = request.param
    if kind is Mosquitto and installed_program() is None:
        if os.environ.get("CI") == "true":
            pytest.fail("Mosquitto is not installed, and CI must have it.")
        pytest.skip("Mosquitto is not installed.")
    broker = kind(tmp_path / kind.kind, credentials=credentials)
    broker.start()
    yield broker
    broker.stop()
