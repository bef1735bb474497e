"""The worker's browser over many items, and what happens when it dies."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import wraps
from pathlib import Path

import pytest

from core.browser import BrowserSession, FoundBrowser, Page
from core.browser.scratch import Scratch
from core.errors import PortalUnavailable
from tests.core.browser.guard import NotingGuard
from tests.core.browser.portal import Portal


def _children(of: int) -> dict[int, list[str]]:
    """Every process below one, with its command line."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text()
            except OSError:
                continue
            parents.setdefault(int(stat.rpartition(")")[2].split()[1]), []).append(int(entry.name))
    found: dict[int, list[str]] = {}
    waiting = [of]
    while waiting:
        for child in parents.get(waiting.pop(), []):
            waiting.append(child)
            try:
                found[child] = (Path("/proc") / str(child) / "cmdline").read_text().split("\0")
            except OSError:
                continue
    return found


def _chromium(before: set[int]) -> int:
    """The main process of the browser started since."""
    return next(
        pid
        for pid, line in _children(os.getpid()).items()
        if pid not in before and "--remote-debugging-pipe" in line and not any("--type=" in part for part in line)
    )


def own_driver(test: Callable[..., None]) -> Callable[..., None]:
    """Run a test in a thread of its own, so that it has a Playwright driver of its own to kill or count."""

    @wraps(test)
    def in_thread(*args: object, **kwargs: object) -> None:
        with ThreadPoolExecutor(max_workers=1) as thread:
            thread.submit(test, *args, **kwargs).result()

    return in_thread


def _page(session: BrowserSession, portal: Portal) -> Page:
    return Page(session.tab("test"), NotingGuard(), timeout=timedelta(seconds=2), base=portal.url)


def test_importing_the_package_does_not_load_playwright() -> None:
    """`import core.browser` is cheap: Playwright is loaded when a browser is started."""
    check = "import sys, core.browser; sys.exit('playwright' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0


def test_a_context_is_renewed_after_its_items_and_keeps_the_login(found: FoundBrowser, portal: Portal) -> None:
    """After the given number of items a new context takes over the cookies of the old one."""
    with BrowserSession(found, recycle_after=3) as session:
        first = session.tab("test")
        first.page.goto(portal.url)
        first.page.context.add_cookies([{"name": "kept", "value": "yes", "url": portal.url}])
        session.item_done("test")
        session.item_done("test")
        assert session.tab("test") is first
        session.item_done("test")
        second = session.tab("test")
        assert second is not first
        assert first.page.is_closed()
        assert [cookie["value"] for cookie in second.page.context.cookies()] == ["yes"]


def test_targets_do_not_share_cookies(browser: BrowserSession, portal: Portal) -> None:
    """Two targets in one browser have contexts of their own, and dropping one leaves the other."""
    one, other = browser.tab("one"), browser.tab("other")
    one.page.context.add_cookies([{"name": "mine", "value": "1", "url": portal.url}])
    assert other.page.context.cookies() == []
    browser.drop("one")
    assert browser.open_tab("one") is None
    assert browser.tab("other") is other
    browser.drop("other")


def test_a_killed_chromium_is_unavailable_and_started_again(found: FoundBrowser, portal: Portal) -> None:
    """When Chromium is killed the action in hand raises PortalUnavailable and the next tab has a new Chromium."""
    before = set(_children(os.getpid()))
    with BrowserSession(found) as session:
        page = _page(session, portal)
        page.goto("/")
        os.kill(_chromium(before), signal.SIGKILL)
        with pytest.raises(PortalUnavailable, match="started again"):
            page.fill("Invoice number", "1")
        again = _page(session, portal)
        again.goto("/")
        again.fill("Invoice number", "1")


def test_a_crashed_page_is_unavailable_and_opened_again(found: FoundBrowser, portal: Portal) -> None:
    """When only the page's process dies the next tab is a new page in the same browser."""
    before = set(_children(os.getpid()))
    with BrowserSession(found) as session:
        page = _page(session, portal)
        page.goto("/")
        for pid, line in _children(os.getpid()).items():
            if pid not in before and any("--type=renderer" in part for part in line):
                os.kill(pid, signal.SIGKILL)
        with pytest.raises(PortalUnavailable, match="started again"):
            page.fill("Invoice number", "1")
        again = _page(session, portal)
        again.goto("/")
        again.fill("Invoice number", "1")


@own_driver
def test_a_dead_driver_is_unavailable_and_started_again(found: FoundBrowser, portal: Portal) -> None:
    """When Playwright's own process is killed the session recovers like from a dead Chromium."""
    before = set(_children(os.getpid()))
    with BrowserSession(found) as session:
        page = _page(session, portal)
        page.goto("/")
        driver = next(pid for pid, line in _children(os.getpid()).items() if pid not in before and "run-driver" in line)
        os.kill(driver, signal.SIGKILL)
        with pytest.raises(PortalUnavailable):
            page.fill("Invoice number", "1")
        again = _page(session, portal)
        again.goto("/")


@own_driver
def test_nothing_is_left_behind(found: FoundBrowser, portal: Portal) -> None:
    """Closing a session ends its processes and removes its private folder."""
    before = set(_children(os.getpid()))
    session = BrowserSession(found)
    _page(session, portal).goto("/")
    folder = session.folder
    assert folder is not None
    assert any(folder.iterdir())
    session.close()
    session.close()
    assert not folder.exists()
    deadline = time.monotonic() + 10
    while set(_children(os.getpid())) - before and time.monotonic() < deadline:
        os.sched_yield()
    assert not set(_children(os.getpid())) - before


def test_the_folder_of_a_killed_process_is_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder whose owner died is removed by the next start; one whose owner lives stays."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    living = Scratch()
    dead = tmp_path / "understudy-browser-dead"
    dead.mkdir()
    (dead / "owner.lock").touch()
    for folder in (living.folder, dead):
        os.utime(folder, (0, 0))
    Scratch().close()
    assert not dead.exists()
    assert living.folder.exists()
    living.close()
