"""celery beat's memory of past runs, after a kill -9."""

import shelve

import pytest

from energy_site.embedded.beat import forget_if_broken


def opened(path, flag="c"):
    return shelve.open(str(path), flag)  # noqa: S301  # as celery does


@pytest.fixture
def schedule(tmp_path):
    path = tmp_path / "schedule"
    with opened(path) as kept:
        kept["entries"] = {"prune-records": 1}
    return path


class TestForgetIfBroken:
    def test_a_whole_one_is_kept(self, schedule):
        assert not forget_if_broken(schedule)
        with opened(schedule, "r") as kept:
            assert kept["entries"] == {"prune-records": 1}

    def test_one_with_an_entry_that_was_cut_off_is_removed(self, schedule):
        with opened(schedule) as kept:
            kept.dict[b"entries"] = b""
        assert forget_if_broken(schedule)
        assert list(schedule.parent.iterdir()) == []

    @pytest.mark.parametrize("size", [0, 7])
    def test_a_file_that_was_cut_off_is_removed(self, schedule, size):
        for file in schedule.parent.iterdir():
            file.write_bytes(file.read_bytes()[:size])
        forget_if_broken(schedule)
        with opened(schedule) as kept:
            assert dict(kept) == {}

    def test_none_at_all_is_fine(self, tmp_path):
        assert not forget_if_broken(tmp_path / "schedule")
