"""Where data lives, also where a folder above is closed to the engines' user."""

import os
from pathlib import Path

import pytest

from energy_site.embedded import places
from energy_site.embedded.console import CannotContinueError

needs_root = pytest.mark.skipif(
    os.geteuid() != 0, reason="only root runs the engines as somebody else"
)


@pytest.fixture
def open_folder(places):
    """A folder that every user can reach."""
    folder = places.var / "checkout"
    folder.mkdir()
    return folder


@pytest.fixture
def outside(places):
    folder = places.programs / "lib"
    folder.mkdir()
    return folder


class TestLayOut:
    def test_data_is_in_var_for_an_ordinary_user(self, tmp_path, outside):
        found = places.lay_out(tmp_path / "var", None, outside=outside)
        assert found.engine("postgres") == tmp_path / "var" / "postgres"
        assert found.notes == []
        assert list(outside.iterdir()) == []

    @needs_root
    def test_data_is_in_var_where_the_engines_can_come_in(
        self, open_folder, account, outside
    ):
        found = places.lay_out(open_folder / "var", account, outside=outside)
        assert found.engines == open_folder / "var"
        assert list(outside.iterdir()) == []

    def test_logs_and_mail_are_for_their_owner_alone(self, tmp_path, outside):
        found = places.lay_out(tmp_path / "var", None, outside=outside)
        for folder in (found.log, found.run, found.var / "mail"):
            assert folder.stat().st_mode & 0o077 == 0

    def test_a_folder_that_cannot_be_written_is_one_sentence(self, tmp_path):
        (tmp_path / "file").write_text("")
        with pytest.raises(CannotContinueError, match="Cannot write in"):
            places.lay_out(tmp_path / "file" / "var", None)


@needs_root
class TestBelowAClosedFolder:
    @pytest.fixture
    def closed(self, open_folder):
        open_folder.chmod(0o700)
        return open_folder

    def test_data_is_outside_with_links_and_it_says_so(self, closed, account, outside):
        found = places.lay_out(closed / "var", account, outside=outside)
        assert found.engines.parent == outside
        assert (closed / "var" / "postgres").readlink() == found.engine("postgres")
        assert str(found.engines) in found.notes[0]
        assert account.can_reach(found.engines)

    def test_nothing_of_others_is_opened(self, closed, account, outside):
        places.lay_out(closed / "var", account, outside=outside)
        assert closed.stat().st_mode & 0o777 == 0o700

    def test_it_is_found_again_at_the_next_start(self, closed, account, outside):
        first = places.lay_out(closed / "var", account, outside=outside)
        first.engine("postgres").mkdir()
        second = places.lay_out(closed / "var", account, outside=outside)
        assert second.engines == first.engines
        assert second.engine("postgres").is_dir()

    def test_two_checkouts_of_one_name_have_two_places(self, closed, account, outside):
        found = {
            places.lay_out(
                closed / name / "site" / "var", account, outside=outside
            ).engines
            for name in ("a", "b")
        }
        assert len(found) == 2

    def test_data_from_before_it_was_closed_moves_along(self, closed, account, outside):
        before = closed / "var" / "postgres"
        before.mkdir(parents=True)
        (before / "data").write_text("readings")
        found = places.lay_out(closed / "var", account, outside=outside)
        assert (found.engine("postgres") / "data").read_text() == "readings"


class TestSocketPath:
    def test_is_in_the_stacks_own_folder(self, tmp_path):
        assert places.socket_path(tmp_path) == tmp_path / "supervisor.sock"

    def test_is_short_in_a_deep_checkout(self, tmp_path):
        deep = tmp_path / "a-folder-with-a-long-name" / "and-another-one" / ("x" * 60)
        path = places.socket_path(deep)
        assert len(os.fsencode(path)) < 100
        assert path.parent.stat().st_mode & 0o777 == 0o700
        path.parent.rmdir()

    def test_a_folder_of_somebody_else_is_not_used(self, tmp_path, monkeypatch):
        monkeypatch.setattr(places.tempfile, "gettempdir", lambda: str(tmp_path))
        deep = Path("/", "x" * 120)
        places.socket_path(deep).parent.chmod(0o755)
        with pytest.raises(CannotContinueError, match="not ours alone"):
            places.socket_path(deep)
