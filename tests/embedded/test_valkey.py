"""Valkey asks for a password and keeps celery's queues."""

import subprocess
import time

import pytest
import redis

from energy_site.embedded.engines.valkey import Valkey, program_for


@pytest.fixture
def valkey(places, account, credentials):
    server = Valkey(
        places.engine("valkey"),
        credentials=credentials,
        account=account,
        program=program_for(account, outside=places.programs),
    )
    server.start()
    yield server
    server.stop()


class TestValkey:
    def test_a_client_without_the_password_is_refused(self, valkey):
        with (
            redis.Redis(host="127.0.0.1", port=valkey.port) as client,
            pytest.raises(redis.AuthenticationError),
        ):
            client.ping()

    def test_listens_on_loopback_only(self, valkey):
        with redis.Redis.from_url(valkey.url) as client:
            assert client.config_get("bind") == {"bind": "127.0.0.1"}

    def test_a_queue_is_there_after_an_orderly_restart(self, valkey):
        with redis.Redis.from_url(valkey.url) as client:
            client.rpush("quick", "task")
        valkey.stop()
        valkey.start()
        with redis.Redis.from_url(valkey.url) as client:
            assert client.lrange("quick", 0, -1) == [b"task"]

    def test_a_queue_is_there_after_a_kill_a_second_later(self, valkey):
        with redis.Redis.from_url(valkey.url) as client:
            client.rpush("quick", "task")
            time.sleep(1.5)
        valkey.kill()
        valkey.start()
        with redis.Redis.from_url(valkey.url) as client:
            assert client.lrange("quick", 0, -1) == [b"task"]

    def test_a_copy_for_a_user_who_cannot_reach_the_installed_one_runs(self, places):
        class OutOfReach:
            def can_reach(self, path):
                return False

        program = program_for(OutOfReach(), outside=places.programs)
        assert places.programs in program.parents
        subprocess.run([program, "--version"], check=True)
