"""Passwords are made once, differ, and are for their owner alone."""

import json
from dataclasses import asdict

import pytest

from energy_site.embedded.console import CannotContinueError
from energy_site.embedded.credentials import Credentials, load_or_make
from meters.broker.private_files import write_private


class TestCredentials:
    def test_the_file_is_for_its_owner_alone(self, tmp_path):
        path = tmp_path / "credentials.json"
        load_or_make(path)
        assert path.stat().st_mode & 0o777 == 0o600

    def test_they_are_the_same_at_the_next_start(self, tmp_path):
        path = tmp_path / "credentials.json"
        assert load_or_make(path) == load_or_make(path)

    def test_each_is_another_and_hard_to_guess(self):
        passwords = list(asdict(Credentials()).values())
        assert len(set(passwords)) == len(passwords)
        assert min(len(password) for password in passwords) >= 16

    def test_an_older_file_keeps_its_passwords_and_gets_the_new_ones(self, tmp_path):
        path = tmp_path / "credentials.json"
        path.write_text(json.dumps({"portal": "as before"}))
        first = load_or_make(path)
        assert first.portal == "as before"
        assert load_or_make(path) == first

    def test_a_broken_file_is_not_replaced(self, tmp_path):
        # New passwords would lock us out of the database that has the old ones.
        path = tmp_path / "credentials.json"
        path.write_text("{")
        with pytest.raises(CannotContinueError, match="cannot be read"):
            load_or_make(path)
        assert path.read_text() == "{"


class TestWritePrivate:
    def test_closes_a_file_that_was_open(self, tmp_path):
        path = tmp_path / "file"
        path.write_text("old")
        path.chmod(0o644)
        write_private(path, "new")
        assert path.read_text() == "new"
        assert path.stat().st_mode & 0o777 == 0o600

    def test_leaves_nothing_else_behind(self, tmp_path):
        write_private(tmp_path / "file", "new")
        assert [path.name for path in tmp_path.iterdir()] == ["file"]
