"""One portal and one browser for the whole session; each test gets a fresh tab."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from core.browser import BrowserSession, FoundBrowser, Page, find_browser
from tests.core.browser.guard import NotingGuard
from tests.core.browser.portal import Portal, serving


@pytest.fixture(scope="session")
def found(tmp_path_factory: pytest.TempPathFactory) -> FoundBrowser:
    """The browser of this machine."""
    cache: Path = tmp_path_factory.mktemp("found") / "browser.json"
    return find_browser(cache=cache, install=False)


@pytest.fixture(scope="session")
def browser(found: FoundBrowser) -> Iterator[BrowserSession]:
    """The browser all tests share, but those that end it."""
    with BrowserSession(found) as session:
        yield session


@pytest.fixture(scope="session")
def server() -> Iterator[Portal]:
    """The portal's one server."""
    with serving() as portal:
        yield portal


@pytest.fixture
def portal(server: Portal) -> Iterator[Portal]:
    """The portal, well-behaved at the start of each test."""
    server.reset()
    yield server
    server.gate.set()


@pytest.fixture
def guard() -> NotingGuard:
    """A guard outside an effect."""
    return NotingGuard()


@pytest.fixture
def page(browser: BrowserSession, portal: Portal, guard: NotingGuard) -> Iterator[Page]:
    """A page object on an empty tab, impatient enough for tests."""
    yield Page(browser.fresh_tab("test"), guard, timeout=timedelta(seconds=2), base=portal.url)
    browser.drop("test")
