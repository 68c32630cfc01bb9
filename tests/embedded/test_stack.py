"""Which engines are ours, and what every process is told."""

import pytest

from energy_site.embedded import surroundings
from energy_site.embedded.console import CannotContinueError
from energy_site.embedded.given import Given
from energy_site.embedded.site_address import SiteAddress, machine_addresses
from energy_site.embedded.stack import build, choose_broker

GIVEN = {
    "DATABASE_URL": "postgresql://u:p@db.example/energy",
    "REDIS_URL": "redis://cache.example/0",
    "MQTT_URL": "mqtt://u:p@broker.example",
}


@pytest.fixture
def stack_for(places, account, credentials):
    def make(environment):
        return build(
            places=places,
            account=account,
            credentials=credentials,
            given=Given(environment),
            port_for=lambda name, address: 40_000,
            broker="amqtt",
        )

    return make


@pytest.fixture
def told(places):
    """What the portal's processes are told."""

    def tell(environment, engines=None, *, listen="127.0.0.1", demo="a-password"):
        return surroundings.portal_environment(
            Given(environment),
            engines or {},
            places=places,
            site=SiteAddress(listen, 8000),
            demo_password=demo,
        )

    return tell


class TestGivenEngines:
    def test_all_three_are_ours_when_none_is_given(self, stack_for):
        stack = stack_for({})
        assert [s.name for s in stack.servers] == ["postgres", "valkey", "broker"]

    @pytest.mark.parametrize(
        ("variable", "engine"),
        [("DATABASE_URL", "postgres"), ("REDIS_URL", "valkey"), ("MQTT_URL", "broker")],
    )
    @pytest.mark.parametrize("as_file", [False, True])
    def test_one_that_is_given_is_not_started(
        self, stack_for, tmp_path, variable, engine, as_file
    ):
        url = GIVEN[variable]
        environment = {variable: url}
        if as_file:
            (tmp_path / "url").write_text(f"{url}\n")
            environment = {f"{variable}_FILE": str(tmp_path / "url")}
        stack = stack_for(environment)
        assert engine not in [server.name for server in stack.servers]
        assert len(stack.servers) == 2
        assert stack.environment()[variable] == url

    def test_an_empty_variable_is_none(self, stack_for):
        assert len(stack_for({"DATABASE_URL": ""}).servers) == 3

    def test_a_file_that_is_not_there_is_one_sentence(self, stack_for):
        with pytest.raises(CannotContinueError, match="REDIS_URL_FILE points to"):
            stack_for({"REDIS_URL_FILE": "/nowhere"})

    def test_the_broker_gives_each_process_its_own_login(self, stack_for, credentials):
        stack = stack_for({})
        told = stack.environment()
        assert told["MQTT_URL"].startswith(f"mqtt://portal:{credentials.portal}@")
        assert told["METER_MQTT_URL"].startswith(f"mqtt://meters:{credentials.meters}@")
        assert stack.mqtt_url("ingest").startswith(
            f"mqtt://ingest:{credentials.ingest}"
        )

    def test_mosquitto_that_is_not_there_is_one_sentence(self, monkeypatch):
        monkeypatch.setattr(
            "energy_site.embedded.stack.mosquitto.installed_program", lambda: None
        )
        assert choose_broker(None) == "amqtt"
        with pytest.raises(CannotContinueError, match="not installed"):
            choose_broker("mosquitto")


class TestPortalEnvironment:
    @pytest.mark.parametrize(
        "name", ["SITE_URL", "ALLOWED_HOSTS", "EMAIL_URL", "DEMO_USER", "REDIS_URL"]
    )
    def test_what_the_person_set_wins(self, told, name):
        assert told({name: "theirs"}, {"REDIS_URL": "ours"})[name] == "theirs"

    def test_a_setting_in_a_file_is_handed_on_as_its_content(self, told, tmp_path):
        (tmp_path / "site").write_text("https://portal.example\n")
        environment = told({"SITE_URL_FILE": str(tmp_path / "site")})
        assert environment["SITE_URL"] == "https://portal.example"
        assert "SITE_URL_FILE" not in environment

    def test_the_secret_key_is_made_once_for_its_owner_alone(self, told):
        first, second = (told({})["SECRET_KEY_FILE"] for _ in range(2))
        assert first == second
        path = surroundings.Path(first)
        assert len(path.read_text()) > 50
        assert path.stat().st_mode & 0o777 == 0o600

    def test_a_given_secret_key_is_used(self, told):
        assert "SECRET_KEY_FILE" not in told({"SECRET_KEY": "theirs"})

    def test_there_is_no_demo_login_without_demo(self, told):
        environment = told({"DEMO_USER": "x"}, demo=None)
        assert not {"DEMO_USER", "DEMO_PASSWORD"} & set(environment)


class TestEmbeddedEnv:
    def test_tells_what_is_in_use_to_its_owner_alone(self, told, tmp_path):
        path = tmp_path / "embedded.env"
        surroundings.write_embedded_env(path, told({}, GIVEN))
        lines = dict(line.split("=", 1) for line in path.read_text().splitlines())
        assert lines == {
            "SITE_URL": "http://127.0.0.1:8000",
            **GIVEN,
            "DEMO_USER": "demo@energy-site.example",
            "DEMO_PASSWORD": "a-password",
        }
        assert path.stat().st_mode & 0o777 == 0o600


class TestSiteAddress:
    @pytest.mark.parametrize(
        ("listen", "url", "allowed"),
        [
            ("127.0.0.1", "http://127.0.0.1:8000", "127.0.0.1,localhost"),
            ("10.1.2.3", "http://10.1.2.3:8000", "10.1.2.3,127.0.0.1,localhost"),
            ("::1", "http://[::1]:8000", "127.0.0.1,[::1],localhost"),
        ],
    )
    def test_follows_the_address_it_listens_on(self, listen, url, allowed):
        site = SiteAddress(listen, 8000)
        assert site.url == url
        assert site.allowed_hosts() == allowed

    def test_everywhere_means_every_address_of_the_machine(self):
        site = SiteAddress("0.0.0.0", 8000)  # noqa: S104
        assert site.local_host == "127.0.0.1"
        for address in machine_addresses():
            assert f"http://{address}:8000" in site.urls
            assert address in site.allowed_hosts().split(",")
