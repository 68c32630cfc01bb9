"""Moving and retiring meters, and taking that back."""

from datetime import timedelta

import pytest
from django.utils import timezone

from meters.models import Command, Membership, Meter, MeterChange
from meters.queries.access import visible_meters
from meters.services.move_meter import move_meter
from meters.services.note_meter_change import MeterChangeRefusedError
from meters.services.retire_meter import retire_meter
from meters.services.undo_meter_change import undo_meter_change

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(make_user):
    return make_user()


@pytest.fixture
def tree(make_meter):
    """An incomer that feeds a panel, which feeds two machines; and a second panel."""
    incomer = make_meter("incomer")
    panel = make_meter("panel", parent=incomer)
    other = make_meter("other", parent=incomer)
    press, paint = make_meter("press", parent=panel), make_meter("paint", parent=panel)
    return {m.device_id: m for m in (incomer, panel, other, press, paint)}


@pytest.fixture
def move(ada, site):
    def move(meter, parent, *, to_site=None, **more):
        now = timezone.now()
        return move_meter(
            meter_id=meter.pk,
            site=to_site or site,
            parent=parent,
            by=ada,
            now=now,
            **{"at": now, **more},
        )

    return move


@pytest.fixture
def retire(ada):
    def retire(meter, **more):
        now = timezone.now()
        return retire_meter(meter_id=meter.pk, by=ada, now=now, **{"at": now, **more})

    return retire


@pytest.fixture
def undo(ada):
    def undo(change):
        return undo_meter_change(change_id=change.pk, by=ada, now=timezone.now())

    return undo


def parents():
    return dict(Meter.objects.values_list("device_id", "parent__device_id"))


class TestMoving:
    def test_hangs_a_meter_below_another(self, tree, move, ada):
        change = move(tree["press"], tree["other"], reason="new feeder")
        assert parents()["press"] == "other"
        assert (change.from_parent, change.to_parent) == (tree["panel"], tree["other"])
        assert (change.by, change.reason) == (ada, "new feeder")

    def test_takes_along_what_hangs_below(self, tree, move):
        move(tree["panel"], tree["other"])
        assert parents() == {
            "incomer": None,
            "other": "incomer",
            "panel": "other",
            "press": "panel",
            "paint": "panel",
        }

    def test_makes_an_incomer(self, tree, move):
        move(tree["panel"], None)
        assert parents()["panel"] is None

    def test_to_another_site(self, tree, move, other_site):
        move(tree["press"], None, to_site=other_site)
        press = Meter.objects.get(device_id="press")
        assert (press.site, press.parent) == (other_site, None)

    @pytest.mark.parametrize(
        ("meter", "parent", "reason"),
        [
            # Below itself, or below what it feeds
            ("panel", "panel", "feed each other"),
            ("panel", "press", "feed each other"),
            ("press", "panel", "there already"),
        ],
    )
    def test_not_in_a_circle_nor_where_it_is(self, tree, move, meter, parent, reason):
        before = parents()
        with pytest.raises(MeterChangeRefusedError, match=reason):
            move(tree[meter], tree[parent])
        assert parents() == before
        assert not MeterChange.objects.exists()

    def test_not_below_a_meter_of_another_site(self, tree, move, other_site):
        with pytest.raises(MeterChangeRefusedError, match="another site"):
            move(tree["press"], tree["incomer"], to_site=other_site)

    def test_not_below_one_that_was_retired_meanwhile(self, tree, move, retire):
        chosen = Meter.objects.get(pk=tree["other"].pk)
        retire(tree["other"])
        with pytest.raises(MeterChangeRefusedError, match="is not active"):
            move(tree["press"], chosen)

    def test_not_to_another_site_while_meters_hang_below(self, tree, move, other_site):
        with pytest.raises(MeterChangeRefusedError, match="hang below it"):
            move(tree["panel"], None, to_site=other_site)

    def test_not_in_the_future_and_not_before_the_last_change(self, tree, move):
        now = timezone.now()
        with pytest.raises(MeterChangeRefusedError, match="future"):
            move(tree["press"], None, at=now + timedelta(minutes=1))
        move(tree["press"], None, at=now - timedelta(days=1))
        with pytest.raises(MeterChangeRefusedError, match="before its last change"):
            move(tree["press"], tree["other"], at=now - timedelta(days=2))


class TestRetiring:
    def test_ends_the_service_and_hangs_what_is_below_on_what_fed_it(
        self, tree, retire
    ):
        change = retire(tree["panel"], reason="burnt")
        tree["panel"].refresh_from_db()
        assert tree["panel"].state == Meter.State.RETIRED
        assert parents()["press"] == parents()["paint"] == "incomer"
        moves = change.consequences.all()
        assert {move.meter.device_id for move in moves} == {"press", "paint"}

    def test_of_an_incomer_makes_incomers(self, tree, retire):
        retire(tree["incomer"])
        assert parents()["panel"] is parents()["other"] is None

    def test_happens_once(self, tree, retire, move):
        retire(tree["press"])
        with pytest.raises(MeterChangeRefusedError, match="not active"):
            retire(tree["press"])
        with pytest.raises(MeterChangeRefusedError, match="not active"):
            move(tree["press"], None)
        # Nothing is hung below it any more
        tree["press"].refresh_from_db()
        with pytest.raises(MeterChangeRefusedError, match="not active"):
            move(tree["paint"], tree["press"])

    def test_may_be_told_later(self, tree, retire):
        last_week = timezone.now() - timedelta(days=7)
        assert retire(tree["press"], at=last_week).at == last_week


class TestTakingBack:
    def test_a_move(self, tree, move, undo, ada):
        change = undo(move(tree["press"], None))
        assert parents()["press"] == "panel"
        assert change.undone_by == ada
        # The record stays
        assert MeterChange.objects.count() == 1

    def test_a_move_to_another_site(self, tree, move, undo, other_site, site):
        undo(move(tree["press"], None, to_site=other_site))
        press = Meter.objects.get(device_id="press")
        assert (press.site, press.parent) == (site, tree["panel"])

    def test_a_retirement_with_what_it_took_along(self, tree, retire, undo):
        before = parents()
        undo(retire(tree["panel"]))
        assert parents() == before
        tree["panel"].refresh_from_db()
        assert tree["panel"].state == Meter.State.ACTIVE
        assert not MeterChange.objects.in_force().exists()

    def test_leaves_what_has_gone_elsewhere_since(self, tree, retire, move, undo):
        change = retire(tree["panel"])
        move(tree["press"], tree["other"])
        undo(change)
        assert (parents()["press"], parents()["paint"]) == ("other", "panel")

    def test_only_the_last_one(self, tree, move, undo):
        first = move(tree["press"], tree["other"])
        second = move(tree["press"], None)
        with pytest.raises(MeterChangeRefusedError, match="Only the last"):
            undo(first)
        undo(second)
        undo(first)
        assert parents()["press"] == "panel"
        with pytest.raises(MeterChangeRefusedError, match="Only the last"):
            undo(first)

    def test_not_to_a_place_that_is_gone(self, tree, move, retire, undo):
        change = move(tree["press"], tree["other"])
        retire(tree["panel"])
        with pytest.raises(MeterChangeRefusedError, match="not there any more"):
            undo(change)
        assert parents()["press"] == "other"

    def test_a_retired_meter_does_not_follow_its_feeder_to_another_site(
        self, tree, move, retire, undo, make_user, other_site
    ):
        change = retire(tree["press"])
        retire(tree["paint"])
        move(tree["panel"], None, to_site=other_site)
        # Nor do the people of that site see it
        bob = make_user("bob@example.com", branch=tree["panel"], role="viewer")
        seen = visible_meters(user=bob, now=timezone.now())
        assert [meter.device_id for meter in seen] == ["panel"]
        undo(change)
        assert parents()["press"] is None

    def test_not_into_a_circle(self, tree, move, undo):
        change = move(tree["panel"], None)
        move(tree["incomer"], tree["panel"])
        with pytest.raises(MeterChangeRefusedError, match="hangs below it by now"):
            undo(change)

    def test_a_retired_meter_comes_back_below_what_is_still_there(
        self, tree, retire, undo
    ):
        change = retire(tree["press"])
        retire(tree["panel"])
        undo(change)
        assert parents()["press"] == "incomer"


def command_of(meter, user):
    now = timezone.now()
    return Command.objects.create(
        meter=meter,
        action="read",
        state="requested",
        requested_by=user,
        requested_at=now,
        expires_at=now + timedelta(hours=1),
    )


class TestWhatPeopleHadOfIt:
    def test_a_retired_meter_is_asked_for_nothing_more(self, tree, retire, ada):
        command = command_of(tree["press"], ada)
        retire(tree["press"])
        command.refresh_from_db()
        assert (command.state, command.failure) == ("failed", "The meter was retired.")

    def test_a_branch_ends_where_its_meter_leaves_the_site(
        self, tree, move, make_user, other_site
    ):
        now = timezone.now()
        bob = make_user("bob@example.com", "operator", branch=tree["press"])
        later = make_user("cy@example.com")
        Membership.objects.create(
            user=later,
            branch=tree["press"],
            role="operator",
            valid_from=now + timedelta(days=1),
        )
        # Within the site it goes along
        move(tree["press"], tree["other"])
        assert visible_meters(user=bob, now=timezone.now()).exists()
        move(tree["press"], None, to_site=other_site)
        for user in (bob, later):
            in_a_week = timezone.now() + timedelta(days=7)
            assert not visible_meters(user=user, now=in_a_week).exists()
