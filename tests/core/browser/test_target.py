"""Targets in the browser: one login, lost sessions, and evidence without secrets."""

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import ClassVar

import pytest

from core.browser import BrowserSession, BrowserTarget, Page, Seen, changes
from core.clock import Clock
from core.errors import ConfigError, LoginFailed, OutsideEffect, PortalChanged, PortalUnavailable, SessionLost
from core.secrets import Secret
from core.target import Access, TargetSettings
from tests.core.browser.guard import NotingGuard
from tests.core.browser.portal import COOKIE, FORM, PASSWORD, Portal


class LoginPage(Page):
    """The portal's login form."""

    def sign_in(self, user: Secret, password: Secret) -> None:
        """Sign in, or say that it was refused."""
        self.goto("/login")
        self.fill("User", user.reveal())
        self.fill("Password", password.reveal())
        self.click(self.button("Sign in"))
        if self.seen().password:
            raise LoginFailed("the portal refused the user or the password")


class Inside(Page):
    """Any page behind the login."""

    def surprise(self, seen: Seen) -> None:
        """A login form means that the session was lost."""
        if seen.password:
            raise SessionLost("the portal asks for a login")

    def look_for_nothing(self, *, after_typing: str = "INV-7") -> None:
        """Type something and then fail."""
        self.goto("/")
        self.fill("Invoice number", after_typing)
        self.fill("No such field", "1")


class PortalTarget(BrowserTarget):
    """The test's portal as a target."""

    name: ClassVar[str] = "portal"

    def signed_in(self) -> bool:
        """Open the first page and look."""
        page = self.on(Page)
        page.goto("/")
        return not page.seen().password

    def login(self) -> None:
        """Use the login form."""
        self.on(LoginPage).sign_in(self.secret("user"), self.secret("password"))

    @changes
    def post(self) -> None:
        """Change something."""


class World:
    """What the runtime would hold: the guard, the login turns, the password."""

    def __init__(self, browser: BrowserSession, portal: Portal, folder: Path) -> None:
        self.guard = NotingGuard()
        self.turns: list[str] = []
        self.password = PASSWORD
        self.browser = browser
        self.portal = portal
        self.folder = folder

    @contextmanager
    def turn(self) -> Iterator[None]:
        """One login; a refusal is noted as a hold."""
        try:
            yield
        except LoginFailed:
            self.turns.append("held")
            raise
        self.turns.append("signed in")

    def target(self, *, url: str | None = None, **options: bool) -> PortalTarget:
        """Make the target."""
        settings = TargetSettings(
            name="portal",
            url=self.portal.url if url is None else url,
            timeout=timedelta(seconds=1.5),
            options=options,
        )
        values = {"user": "invented.clerk", "password": self.password}
        return PortalTarget(
            Access(
                settings=settings,
                guard=self.guard,
                clock=Clock(),
                secret=lambda role: Secret(role, values[role]),
                login_turn=self.turn,
                browser=lambda: self.browser,
                folder=self.folder,
            )
        )


@pytest.fixture
def world(browser: BrowserSession, portal: Portal, tmp_path: Path) -> Iterator[World]:
    """A portal that asks for a login."""
    portal.needs_login = True
    yield World(browser, portal, tmp_path)
    browser.drop("portal")


def test_one_login_serves_many_items(world: World, portal: Portal) -> None:
    """The first item signs in during a login turn; later items find the tab signed in, a new tab too."""
    target = world.target()
    for _ in range(3):
        with target.session():
            target.on(Inside).goto("/list")
    world.browser.close_tab("portal")
    with target.session():
        target.on(Inside).goto("/list")
    assert world.turns == ["signed in"]
    assert portal.logins == ["invented.clerk"]


def test_a_refused_login_is_tried_once_and_leaves_through_the_turn(world: World, portal: Portal) -> None:
    """A wrong password makes one attempt, and LoginFailed passes through the login turn, which holds the target."""
    world.password = "Wrong&Password/1"
    target = world.target()
    with pytest.raises(LoginFailed), target.session():
        pytest.fail("the session opened without a login")
    assert world.turns == ["held"]
    assert portal.logins == ["invented.clerk"]
    assert {name for name, _, _ in world.guard.kept} == {"failure", "failure-text"}
    assert not any(world.password.encode() in data for _, data, _ in world.guard.kept)


def test_a_lost_session_drops_the_login_and_the_next_item_signs_in(world: World, portal: Portal) -> None:
    """SessionLost leaves evidence and a dropped context; the next session signs in again."""
    target = world.target()
    with target.session():
        target.on(Inside).goto("/list")
        world.browser.tab("portal").page.context.clear_cookies()
    with pytest.raises(SessionLost), target.session():
        target.on(Inside).goto("/list")
    assert "failure" in world.guard.notes
    with target.session():
        target.on(Inside).goto("/list")
    assert world.turns == ["signed in", "signed in"]


def test_a_changed_page_leaves_evidence_and_a_new_tab_with_the_login_kept(world: World, portal: Portal) -> None:
    """After PortalChanged the next item has a fresh tab and no new login."""
    target = world.target()
    portal.form = FORM + f"<p>For {PASSWORD.replace('&', '&amp;')}</p>"
    with target.session():
        before = world.browser.tab("portal")
    with pytest.raises(PortalChanged), target.session():
        target.on(Inside).look_for_nothing()
    texts = [data.decode() for name, data, _ in world.guard.kept if name == "failure-text"]
    assert "New voucher" in texts[0]
    assert PASSWORD not in texts[0]
    assert "[removed]" in texts[0]
    with target.session():
        assert world.browser.tab("portal") is not before
    assert world.turns == ["signed in"]


def test_playwrights_own_errors_are_translated(world: World) -> None:
    """An error that a target let through from Playwright becomes one of ours."""
    target = world.target()
    with pytest.raises(PortalChanged, match="portal was not as expected"), target.session():
        world.browser.tab("portal").page.locator("#nowhere").click(timeout=50)


def test_other_errors_pass_and_keep_the_tab(world: World) -> None:
    """What the target did not cause leaves no evidence and keeps the tab signed in."""
    target = world.target()
    with pytest.raises(KeyError), target.session():
        raise KeyError("a mistake in a bot")
    assert world.guard.kept == []
    with target.session():
        pass
    assert world.turns == ["signed in"]


def test_a_dialog_nobody_acted_after_is_kept_as_evidence(world: World, portal: Portal) -> None:
    """A dialog dismissed at the very end is kept, and does not disturb the next item."""
    target = world.target()
    with target.session():
        target.on(Inside).goto("/")
        world.browser.tab("portal").page.evaluate("alert('Printer is offline')")
    assert [data for name, data, _ in world.guard.kept if name == "dialog"] == [b"Printer is offline"]
    with target.session():
        target.on(Inside).goto("/list")


def test_a_marked_method_of_a_target_needs_an_effect(world: World) -> None:
    """`@changes` holds for targets as for pages."""
    target = world.target()
    with pytest.raises(OutsideEffect, match=r"PortalTarget\.post"):
        target.post()
    with world.guard.effect():
        target.post()


def test_evidence_that_cannot_be_kept_does_not_hide_the_error(world: World, portal: Portal) -> None:
    """While the store for evidence is down the error stays what it was, and the tab in doubt is closed all the same."""
    target = world.target()
    with target.session():
        target.on(Inside).goto("/list")
    world.guard.store_down = True
    with pytest.raises(PortalChanged), target.session():
        target.on(Inside).look_for_nothing()
    assert world.browser.open_tab("portal") is None
    assert world.guard.kept == []


def test_the_trace_of_a_failure_is_kept_without_secrets(world: World, portal: Portal) -> None:
    """With tracing on, a failed item leaves a trace in which neither password nor session cookie is found."""
    target = world.target(trace=True)
    portal.form = FORM
    with target.session():
        target.on(Inside).goto("/")
    assert world.guard.kept == []
    with pytest.raises(PortalChanged), target.session():
        target.on(Inside).look_for_nothing(after_typing=PASSWORD)  # the worst a bot could do
    [trace] = [data for name, data, _ in world.guard.kept if name == "failure-trace"]
    with zipfile.ZipFile(io.BytesIO(trace)) as archive:
        names = archive.namelist()
        everything = b"".join(archive.read(name) for name in names)
    assert any(name.endswith(".trace") for name in names)
    assert b"Invoice number" in everything
    for secret in (PASSWORD, COOKIE, "invented.clerk"):
        assert secret.encode() not in everything
    assert b"session=" not in everything


def test_no_evidence_of_any_kind_holds_the_password(world: World, portal: Portal) -> None:
    """Whatever fails, before, during or after the login, nothing stored holds the password or the cookie."""
    target = world.target(trace=True)
    for path in ("/broken", "/maintenance", "/missing", "/drop"):
        with pytest.raises((PortalUnavailable, PortalChanged)), target.session():
            target.on(Inside).goto(path)
    assert world.guard.kept
    for _, data, kind in world.guard.kept:
        parts = [data]
        if kind == "application/zip":
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                parts = [archive.read(name) for name in archive.namelist()]
        assert not any(PASSWORD.encode() in part or COOKIE.encode() in part for part in parts)


def test_probe_asks_without_a_browser(world: World, portal: Portal) -> None:
    """A target that answers is fine; one that is away or broken is unavailable; one without address is a mistake."""
    world.target().probe()
    for url in (f"{portal.url}/broken", "http://127.0.0.1:9"):
        with pytest.raises(PortalUnavailable):
            world.target(url=url).probe()
    world.target(url=f"{portal.url}/missing").probe()
    for url in ("", "file:///etc/passwd"):
        with pytest.raises(ConfigError):
            world.target(url=url).probe()


def test_a_target_that_is_away_leaves_no_login_attempt(world: World) -> None:
    """When the first page does not come there is nothing to sign in to."""
    target = world.target(url="http://127.0.0.1:9")
    with pytest.raises(PortalUnavailable), target.session():
        pytest.fail("the session opened without a target")
    assert world.turns == []
