"""PostgreSQL keeps data, asks for a password, and starts after any end."""

import os
import subprocess

import psycopg
import pytest

from energy_site.embedded.console import CannotContinueError
from energy_site.embedded.engines.postgres import Postgres
from energy_site.embedded.engines.postgres_programs import programs_for


@pytest.fixture
def postgres(places, account, credentials):
    server = Postgres(
        places.engine("postgres"),
        credentials=credentials,
        account=account,
        programs=programs_for(account, outside=places.programs),
    )
    server.start()
    yield server
    server.stop()


def ask(server, question, *parameters):
    with psycopg.connect(server.url) as connection:
        return connection.execute(question, parameters).fetchone()[0]


def store(server, text):
    with psycopg.connect(server.url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (text text)")
        connection.execute("INSERT INTO kept VALUES (%s)", [text])


class TestPostgres:
    @pytest.mark.parametrize(
        ("setting", "value"),
        [
            ("fsync", "on"),
            ("synchronous_commit", "on"),
            ("full_page_writes", "on"),
            ("server_encoding", "UTF8"),
            ("password_encryption", "scram-sha-256"),
            ("listen_addresses", "127.0.0.1"),
            ("max_connections", "100"),
            ("max_wal_size", "4GB"),
            ("TimeZone", "UTC"),
        ],
    )
    def test_is_set_to_keep_readings(self, postgres, setting, value):
        assert ask(postgres, "SELECT current_setting(%s)", setting) == value

    def test_a_wrong_password_is_refused(self, postgres):
        url = postgres.url.replace(postgres.credentials.database, "wrong")
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(url)

    def test_the_portals_role_rules_its_database_only(self, postgres):
        question = "SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = %s"
        assert ask(postgres, question, "energy_site") is False
        # Tests make databases of their own.
        with psycopg.connect(postgres.url, autocommit=True) as connection:
            connection.execute("CREATE DATABASE test_energy_site")

    def test_lower_case_knows_more_than_ascii(self, postgres):
        assert ask(postgres, "SELECT lower('ÄÖÜ')") == "äöü"

    def test_what_was_committed_is_there_after_a_kill(self, postgres):
        store(postgres, "reading")
        postgres.kill()
        postgres.start()
        assert ask(postgres, "SELECT text FROM kept") == "reading"

    def test_the_number_of_a_dead_server_may_belong_to_somebody_else(self, postgres):
        # After a restart of a container the numbers are the same small ones.
        postgres.kill()
        pid_file = postgres.data / "postmaster.pid"
        lines = pid_file.read_text().splitlines()
        pid_file.write_text("\n".join([str(os.getppid()), *lines[1:]]) + "\n")
        postgres.start()
        assert ask(postgres, "SELECT 1") == 1

    def test_a_first_start_that_was_cut_short_is_made_good(self, postgres):
        postgres.stop()
        postgres.data.rename(postgres.directory / "data.new")
        postgres.start()
        assert ask(postgres, "SELECT 1") == 1

    def test_data_of_another_release_is_one_sentence(self, postgres):
        postgres.stop()
        (postgres.data / "PG_VERSION").write_text("17\n")
        with pytest.raises(CannotContinueError, match="made by PostgreSQL 17"):
            postgres.start()
        (postgres.data / "PG_VERSION").write_text("18\n")

    def test_a_changed_password_is_taken_over(self, postgres):
        object.__setattr__(postgres.credentials, "database", "another")
        postgres.create_database()
        assert ask(postgres, "SELECT 1") == 1

    def test_no_password_is_left_in_a_file(self, postgres):
        assert not (postgres.directory / "password").exists()


class OutOfReach:
    """A user who cannot reach the installed programs."""

    def can_reach(self, path):
        return False


class TestPrograms:
    def test_a_copy_outside_runs(self, places):
        programs = programs_for(OutOfReach(), outside=places.programs)
        assert places.programs in programs.parents
        for name in ("initdb", "postgres", "pg_dump", "psql"):
            command = [programs / "bin" / name, "--version"]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            assert "(PostgreSQL) 18." in done.stdout

    def test_the_copy_is_made_once(self, places):
        first = programs_for(OutOfReach(), outside=places.programs)
        (first / "kept").write_text("")
        assert programs_for(OutOfReach(), outside=places.programs) == first
        assert (first / "kept").exists()
