"""Which instants are published, and which incidents can be asked for."""

from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from meters.broker import BrokerAddress
from meters.domain.plant import Fleet, Incident, Plant, load, publishing
from meters.management import simulator_state
from meters.management.requested_incidents import requested_incidents

NOW = datetime(2026, 11, 22, 13, 7, 33, tzinfo=UTC).timestamp()
DAY_S = 86_400
PLANT = Plant(1, since=datetime(2026, 11, 1, tzinfo=UTC))


class TestHistory:
    def instants(self, since):
        return list(publishing.history(since=since, until=NOW))

    def test_two_days_by_the_minute_and_twelve_by_the_quarter(self):
        times = np.sort(np.concatenate(self.instants(NOW - 14 * DAY_S)))
        steps = np.diff(times)
        assert set(steps) == {60.0, 900.0}
        assert times[0] - (NOW - 14 * DAY_S) < 900
        assert NOW - times[-1] < 60
        change = times[1:][steps == 60][0]
        assert NOW - 2 * DAY_S - 3600 <= change < NOW - 2 * DAY_S + 3600
        # None twice
        assert len(times) == len(np.unique(times))

    def test_the_newest_message_first_and_60_instants_at_most(self):
        messages = self.instants(NOW - 14 * DAY_S)
        begins = [float(message[0]) for message in messages]
        assert begins == sorted(begins, reverse=True)
        assert max(map(len, messages)) == 60
        assert len(messages) == 49 + 21

    def test_a_pause_is_filled_from_where_it_began(self):
        times = np.concatenate(self.instants(NOW - 600))
        assert times.min() >= NOW - 600
        assert len(times) == 10

    def test_nothing_is_missing_after_no_time(self):
        assert self.instants(NOW) == []


def test_each_meter_has_its_own_odd_moment():
    late = publishing.offsets(PLANT, every_s=5.0)
    assert len(np.unique(late)) == len(late)
    assert (late >= 0).all()
    assert (late < 5).all()
    # Whole milliseconds: that is what is sent
    assert np.allclose(late * 1000, np.round(late * 1000))


def test_history_and_live_meet_in_the_same_values():
    late = publishing.offsets(PLANT, every_s=5.0)
    minute = NOW // 60 * 60
    past = publishing.historical(PLANT, np.array([minute]), every_s=5.0)
    assert (past.times[:, 0] == minute + late).all()
    live = PLANT.readings((minute + late)[:, None])
    assert (past.values == live.values).all()


class TestManyMeters:
    def test_a_fleet_has_as_many_as_wanted_each_another(self):
        since = datetime(2026, 11, 21, tzinfo=UTC)
        fleet = Fleet(meters=60, seed=3, since=since)
        serials = [
            serial
            for readings in fleet.readings(np.array([NOW]), every_s=10.0)
            for serial in readings.serials
        ]
        assert len(serials) == len(set(serials)) == 60

    def test_further_plants_show_the_same_under_other_serials(self):
        since = datetime(2026, 11, 21, tzinfo=UTC)
        fleet = Fleet(meters=78, seed=3, since=since, distinct=2)
        first, second, third = fleet.readings(np.array([NOW]), every_s=10.0)
        assert (first.values == third.values).all()
        assert (first.values != second.values).any()
        assert set(first.serials).isdisjoint(third.serials)

    def test_load_goes_on_in_time(self):
        start = datetime(2026, 11, 22, tzinfo=UTC)
        messages = list(islice(load(meters=3, start=start, instants=50), 9))
        assert [serial for serial, _ in messages[:3]] == [m[0] for m in messages[3:6]]
        instants = [time for _, by_instant in messages[::3] for time in by_instant]
        assert len(instants) == 150
        assert set(np.diff(instants)) == {timedelta(minutes=1)}
        registers = [
            quantities["active_energy_import"]
            for _, by_instant in messages[::3]
            for quantities in by_instant.values()
        ]
        assert registers == sorted(registers)


class TestRequests:
    def ask(self, *texts, before=()):
        return requested_incidents(texts, seed=1, now=NOW, before=before)

    def local(self, item):
        return datetime.fromtimestamp(item.start, ZoneInfo("Europe/Berlin"))

    def test_now_is_the_next_moment(self):
        (item,) = self.ask("overload")
        assert 0 < item.start - NOW < 30
        assert item.end - item.start == 600

    @pytest.mark.parametrize(
        ("text", "day", "hour"), [("@15:30", 22, 15), ("@10:30", 23, 10)]
    )
    def test_a_time_is_of_the_plants_clock_today_or_tomorrow(self, text, day, hour):
        (item,) = self.ask(f"hot-cable{text}")
        assert (self.local(item).day, self.local(item).hour) == (day, hour)

    def test_all_of_it(self):
        serial = PLANT.serials[2]
        (item,) = self.ask(f"phase-loss@2026-12-01T08:00:00+25={serial}")
        assert item.place == 2
        assert item.end - item.start == 25 * 60

    def test_what_is_known_is_not_asked_for_again(self):
        known = self.ask("overload@2026-12-01T08:00")
        assert self.ask("overload@2026-12-01T08:00", before=known) == []

    @pytest.mark.parametrize(
        ("text", "sentence"),
        [
            ("overload@25:00", "25:00 is no time"),
            ("overload@2026-11-22T10:00", "is over"),
            ("overload=123", "the plant has no meter 123"),
            ("earthquake", "no incident 'earthquake'"),
            ("overload 10:30", "is written NAME@10:30"),
        ],
    )
    def test_what_cannot_be_is_refused(self, text, sentence):
        with pytest.raises(ValueError, match=sentence):
            self.ask(text)

    def test_two_at_the_same_place_and_time_are_refused(self):
        where = f"@15:30={PLANT.serials[2]}"
        with pytest.raises(ValueError, match="has overload then already"):
            self.ask(f"overload{where}", f"phase-loss{where}")


class TestWhatIsRemembered:
    ADDRESS = BrokerAddress.of("mqtt://127.0.0.1:1883")

    def test_comes_back(self, tmp_path):
        path = simulator_state.path_of(tmp_path / "new", seed=1, address=self.ADDRESS)
        item = Incident("overload", 2, 1000, 1600)
        state = simulator_state.State(until=12.5, requested=[item])
        simulator_state.save(path, state)
        assert simulator_state.load(path) == state

    @pytest.mark.parametrize("content", [None, b"", b"half of {", b"[1]"])
    def test_a_spoiled_file_is_as_none(self, tmp_path, content):
        path = tmp_path / "state.json"
        if content is not None:
            path.write_bytes(content)
        assert simulator_state.load(path) == simulator_state.State()

    def test_is_kept_apart_for_each_plant_and_broker(self, tmp_path):
        other = BrokerAddress.of("mqtt://127.0.0.1:1884")
        paths = {
            simulator_state.path_of(tmp_path, seed=seed, address=address)
            for seed in (1, 2)
            for address in (self.ADDRESS, other)
        }
        assert len(paths) == 4


def test_the_incidents_are_listed(capsys):
    call_command("simulate", list_incidents=True)
    listed = capsys.readouterr().out
    assert "reversed-ct" in listed
    assert len(listed.splitlines()) == 8


def test_an_impossible_interval_is_refused():
    with pytest.raises(CommandError, match="more than 0"):
        call_command("simulate", every=0.0)
