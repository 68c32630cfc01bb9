"""Live values, from what ingest publishes to what a browser's socket hears."""

import asyncio
import json
from datetime import timedelta

import pytest
from channels.db import database_sync_to_async
from django.test import Client
from django.utils import timezone
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from meters.live import newest
from meters.live.hub import MOST_WAITING, View, Watcher
from meters.live.newest import Newest
from meters.models import Membership, Meter
from meters.services.move_meter import move_meter

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def empty_redis():
    newest.redis_client().delete(newest.KEY)


@pytest.fixture
def member(make_user, site):
    return make_user(site=site, role="viewer")


def log_in(user):
    client = Client()
    client.force_login(user)
    return client


class Socket:
    """A browser's websocket, to a real web process."""

    def __init__(self, portal, path, client=None, *, origin=""):
        cookies = (client or Client()).cookies.values()
        self._url = portal.url.replace("http", "ws") + path
        self._origin = portal.url if origin == "" else origin
        self._cookie = "; ".join(f"{cookie.key}={cookie.value}" for cookie in cookies)

    async def __aenter__(self):
        self._socket = await connect(
            self._url, origin=self._origin, additional_headers={"Cookie": self._cookie}
        )
        return self

    async def __aexit__(self, *_):
        await self._socket.close()

    async def hear(self):
        return json.loads(await asyncio.wait_for(self._socket.recv(), 5))

    async def hear_until(self, wanted):
        """Return the first message that `wanted` holds for."""
        for _ in range(50):
            message = await self.hear()
            if wanted(message):
                return message
        pytest.fail("not heard")

    async def closed_with(self):
        try:
            while True:
                await self.hear()
        except ConnectionClosed as closed:
            return closed.rcvd.code

    async def is_silent(self):
        try:
            await asyncio.wait_for(self._socket.recv(), 0.5)
        except TimeoutError:
            return True
        return False


async def is_refused(*args, **kwargs):
    try:
        async with Socket(*args, **kwargs):
            return False
    except InvalidStatus as error:
        return error.response.status_code == 403


@database_sync_to_async
def publish(meter, values, *, age_s=0.0):
    time = timezone.now() - timedelta(seconds=age_s)
    item = Newest(meter.pk, round(time.timestamp() * 1000), values, {})
    newest.write([(item, meter.site_id)])


def frame_of(meter):
    return lambda m: m["type"] == "frame" and str(meter.pk) in m["meters"]


async def test_first_a_snapshot_then_frames(portal, member, make_meter):
    meter = await database_sync_to_async(make_meter)(ct_ratio=40)
    client = await database_sync_to_async(log_in)(member)
    await publish(meter, {"active_power": 1.0, "voltage_l1": 230.0}, age_s=1)
    async with Socket(portal, "/ws/sites/plant-north/", client) as socket:
        snapshot = await socket.hear()
        assert snapshot["type"] == "snapshot"
        # Ratios are applied: the current transformer multiplies the power
        assert snapshot["meters"][str(meter.pk)]["values"] == {
            "active_power": 40.0,
            "voltage_l1": 230.0,
        }
        await publish(meter, {"active_power": 2.0})
        frame = await socket.hear_until(frame_of(meter))
        assert frame["meters"][str(meter.pk)]["values"] == {"active_power": 80.0}
        assert frame["meters"][str(meter.pk)]["time"].endswith("Z")


async def test_a_burst_is_gathered_and_the_last_value_arrives(
    portal, member, make_meter
):
    meter = await database_sync_to_async(make_meter)()
    client = await database_sync_to_async(log_in)(member)
    async with Socket(portal, "/ws/sites/plant-north/", client) as socket:
        await socket.hear()
        for number in range(40):
            await publish(meter, {"active_power": float(number)})
        frames = []
        while not frames or frames[-1] != 39.0:
            frame = await socket.hear_until(frame_of(meter))
            frames.append(frame["meters"][str(meter.pk)]["values"]["active_power"])
        assert frames == sorted(frames)
        assert len(frames) < 40


async def test_the_socket_of_a_meter_hears_that_meter_only(portal, member, make_meter):
    mine = await database_sync_to_async(make_meter)("1")
    other = await database_sync_to_async(make_meter)("2")
    client = await database_sync_to_async(log_in)(member)
    async with Socket(portal, f"/ws/meters/{mine.pk}/", client) as socket:
        await socket.hear()
        await publish(other, {"active_power": 1.0})
        await publish(mine, {"active_power": 2.0})
        frame = await socket.hear_until(lambda m: m["type"] == "frame")
        assert list(frame["meters"]) == [str(mine.pk)]


class TestWhoHears:
    @pytest.mark.parametrize("path", ["/ws/sites/plant-north/", "/ws/meters/{}/"])
    async def test_nobody_without_a_login(self, portal, make_meter, path):
        meter = await database_sync_to_async(make_meter)()
        assert await is_refused(portal, path.format(meter.pk))

    @pytest.mark.parametrize("path", ["/ws/sites/plant-north/", "/ws/meters/{}/"])
    async def test_nobody_without_a_membership(
        self, portal, make_meter, make_user, other_site, path
    ):
        meter = await database_sync_to_async(make_meter)()
        user = await database_sync_to_async(make_user)(site=other_site, role="manager")
        client = await database_sync_to_async(log_in)(user)
        assert await is_refused(portal, path.format(meter.pk), client)

    @pytest.mark.parametrize("origin", ["http://evil.example", None])
    async def test_no_page_of_another_origin(self, portal, member, origin):
        client = await database_sync_to_async(log_in)(member)
        assert await is_refused(portal, "/ws/sites/plant-north/", client, origin=origin)

    async def test_a_member_of_a_branch_hears_the_branch_only(
        self, portal, make_user, make_meter
    ):
        incomer = await database_sync_to_async(make_meter)("1")
        feeder = await database_sync_to_async(make_meter)("2", parent=incomer)
        user = await database_sync_to_async(make_user)(branch=feeder, role="viewer")
        client = await database_sync_to_async(log_in)(user)
        await publish(incomer, {"active_power": 5.0})
        async with Socket(portal, "/ws/sites/plant-north/", client) as socket:
            assert (await socket.hear())["meters"] == {}
            await publish(incomer, {"active_power": 6.0})
            await publish(feeder, {"active_power": 7.0})
            frame = await socket.hear_until(lambda m: m["type"] == "frame")
            assert list(frame["meters"]) == [str(feeder.pk)]


class TestWhenAccessEnds:
    async def test_an_ended_membership_closes_the_socket(self, portal, member):
        client = await database_sync_to_async(log_in)(member)

        @database_sync_to_async
        def end():
            membership = Membership.objects.get(user=member)
            membership.end()
            membership.save()

        async with Socket(portal, "/ws/sites/plant-north/", client) as socket:
            await socket.hear()
            await end()
            assert await socket.closed_with() == 4403

    async def test_logging_out_closes_the_socket(self, portal, member):
        client = await database_sync_to_async(log_in)(member)
        # The same cookies, before the log-out takes them
        async with Socket(portal, "/ws/sites/plant-north/", client) as socket:
            await socket.hear()
            await database_sync_to_async(client.logout)()
            assert await socket.closed_with() == 4403

    async def test_another_users_change_does_not(self, portal, member, make_user, site):
        client = await database_sync_to_async(log_in)(member)
        async with Socket(portal, "/ws/sites/plant-north/", client) as socket:
            while not await socket.is_silent():
                pass
            await database_sync_to_async(make_user)(
                "bob@example.com", site=site, role="viewer"
            )
            assert await socket.is_silent()


async def test_a_meter_that_is_claimed_appears_without_a_reload(portal, member, site):
    meter = await database_sync_to_async(Meter.objects.create)(
        family="f", device_id="1"
    )
    client = await database_sync_to_async(log_in)(member)
    await publish(meter, {"active_power": 3.0})
    async with Socket(portal, "/ws/sites/plant-north/", client) as socket:
        assert (await socket.hear())["meters"] == {}
        meter.site, meter.name, meter.state = site, "New", Meter.State.ACTIVE
        await database_sync_to_async(meter.save)()
        snapshot = await socket.hear_until(lambda m: str(meter.pk) in m["meters"])
        assert snapshot["type"] == "snapshot"


class TestWhenAMeterMoves:
    @pytest.fixture
    def meter(self, make_meter):
        return make_meter("1")

    @pytest.fixture
    def move(self, meter, other_site, make_user):
        mover = make_user("bob@example.com")

        def move():
            now = timezone.now()
            move_meter(
                meter_id=meter.pk,
                site=other_site,
                parent=None,
                at=now,
                by=mover,
                now=now,
            )
            meter.refresh_from_db()

        return database_sync_to_async(move)

    async def test_its_page_follows_it(
        self, portal, meter, move, member, other_site, make_user
    ):
        add = database_sync_to_async(Membership.objects.create)
        await add(user=member, site=other_site, role="viewer")
        client = await database_sync_to_async(log_in)(member)
        async with Socket(portal, f"/ws/meters/{meter.pk}/", client) as socket:
            while not await socket.is_silent():
                pass
            await move()
            await socket.hear_until(lambda m: m["type"] == "snapshot")
            await publish(meter, {"active_power": 4.0})
            frame = await socket.hear_until(frame_of(meter))
            assert frame["meters"][str(meter.pk)]["values"] == {"active_power": 4.0}

    async def test_the_site_that_it_has_left_hears_it_no_more(
        self, portal, meter, move, member
    ):
        client = await database_sync_to_async(log_in)(member)
        async with (
            Socket(portal, f"/ws/meters/{meter.pk}/", client) as page,
            Socket(portal, "/ws/sites/plant-north/", client) as dashboard,
        ):
            while not (await page.is_silent() and await dashboard.is_silent()):
                pass
            await move()
            assert await page.closed_with() == 4403
            snapshot = await dashboard.hear_until(lambda m: m["type"] == "snapshot")
            assert snapshot["meters"] == {}


async def test_a_browser_that_does_not_keep_up_gets_a_snapshot_instead():
    watcher = Watcher(View(1, {}))
    for number in range(MOST_WAITING):
        watcher.put(str(number))
    watcher.put("one too many")
    assert watcher.frames.get_nowait() is None
    assert watcher.frames.empty()
