"""A real Chromium, driven by Playwright."""

import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from playwright.sync_api import Browser, Page, expect, sync_playwright

from conftest import PortalProcess, Publisher, publishing, running_ingest
from energy_site.embedded.credentials import Credentials
from energy_site.embedded.engines.amqtt.server import Amqtt
from energy_site.embedded.engines.mosquitto import Mosquitto, installed_program
from meters.models import Meter, User

# Playwright's synchronous interface keeps an event loop in this thread, which Django
# takes for a sign of asynchronous code.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

# Discovered meters are looked for every five seconds, and machines of CI are slow.
expect.set_options(timeout=30_000)

# What `make_user` gives everybody.
PASSWORD = "correct horse battery"
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def elsewhere(make: Callable[..., Any]) -> Callable[..., Any]:
    """Let it run in a thread that has no event loop, as a request would."""

    def run(*args: Any, **fields: Any) -> Any:
        def work() -> Any:
            try:
                return make(*args, **fields)
            finally:
                connection.close()

        with ThreadPoolExecutor(1) as threads:
            return threads.submit(work).result()

    return run


@pytest.fixture
def make_user(make_user: Callable[..., User]) -> Callable[..., User]:
    return elsewhere(make_user)


@pytest.fixture
def make_meter(make_meter: Callable[..., Meter]) -> Callable[..., Meter]:
    return elsewhere(make_meter)


# Of a module: its event loop would be in the way of asynchronous tests that follow.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = next(filter(None, map(shutil.which, _NAMES)), None)
    if program is None:
        reason = "there is no Chromium on the PATH"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program,
            args=[
                # As root Chromium refuses to start with its sandbox.
                *(["--no-sandbox"] if os.geteuid() == 0 else []),
                "--disable-gpu",
                "--disable-background-networking",
            ],
        )
        yield browser
        browser.close()


@pytest.fixture
def faults() -> list[str]:
    """What went wrong in the browser: errors of scripts, refused or missing files."""
    return []


@pytest.fixture
def page(browser: Browser, faults: list[str]) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(30_000)
    page = context.new_page()
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on(
        "console",
        lambda message: (
            faults.append(message.text) if message.type == "error" else None
        ),
    )
    yield page
    context.close()


@pytest.fixture
def portal(transactional_db: None, tmp_path: Path) -> Iterator[PortalProcess]:
    """The web process at its full pace; tests/live measure what it runs."""
    process = PortalProcess(tmp_path / "portal.log", measured=False)
    process.start()
    yield process
    process.stop()


@pytest.fixture
def meter(portal: PortalProcess, tmp_path: Path) -> Iterator[Publisher]:
    """The login of a meter, at a broker that ingest reads from."""
    kind = Mosquitto if installed_program() else Amqtt
    broker = kind(tmp_path / "broker", credentials=Credentials())
    broker.start()
    try:
        with (
            running_ingest(broker.url_for("ingest"), tmp_path / "ingest.log"),
            publishing(broker.url_for("meters")) as publisher,
        ):
            yield publisher
    finally:
        broker.stop()


def log_in(page: Page, portal: PortalProcess, user: User) -> None:
    page.goto(f"{portal.url}/")
    page.get_by_label("Email").fill(user.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
