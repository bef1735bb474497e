"""The worker's browser: one Chromium, one context per target, and tabs that remember what happened behind our back.

    with BrowserSession(cache=folder / "browser.json", install=False) as browser:
        tab = browser.tab("ledger")       # the target's page, opened when there is none
        browser.item_done("ledger")       # every 50 items the context is renewed; the login is carried over
        browser.drop("ledger")            # after a doubt: the context and its login are gone

One session belongs to one thread. Chromium starts when a tab is first asked for; one that died is started again at the
next `tab()`. Everything Playwright and Chromium write goes into a private folder that `close()` removes. How a form is
kept from being sent twice by Chromium itself is said in docs/adr/0008.
"""

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from core.browser.driver import Driver, borrow, forget, give_back
from core.browser.finder import FoundBrowser, find_browser, launch_options
from core.browser.seen import Seen
from core.errors import PortalUnavailable

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Dialog, Frame, Request
    from playwright.sync_api import Page as PlaywrightPage

# Chromium sends a request again by itself when a connection that was open before is cut without an answer: a form would
# be sent twice. So no connection is opened ahead (the preference) and none serves twice (the header).
_NO_CONNECTION_AHEAD = {"net": {"network_prediction_options": 2}}
_ONE_REQUEST_A_CONNECTION = {"Connection": "close"}


class Tab:
    """One open page, with what happened to it while nobody was looking."""

    def __init__(self, page: "PlaywrightPage") -> None:
        self.page = page
        self.dialogs: list[str] = []  # texts of dialogs that were dismissed and not yet reported
        self.accepting: str | None = None  # a dialog holding this text is expected, and accepted
        self.arrivals = 0  # documents the main frame has shown so far
        self.checked = 0  # how many of them a page object has looked at
        self.arrived: Seen | None = None  # what the last one of those showed when it came
        self.awaited = False  # True while, inside `asking`, a document was asked for and has not come
        self.crashed = False
        page.on("dialog", self._on_dialog)
        page.on("framenavigated", self._on_navigated)
        page.on("crash", self._on_crash)

    @property
    def alive(self) -> bool:
        """True while the page can be used."""
        return not self.crashed and not self.page.is_closed()

    def take_dialogs(self) -> tuple[str, ...]:
        """Return the texts of dialogs not yet reported, and forget them."""
        taken = tuple(self.dialogs)
        self.dialogs.clear()
        return taken

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Know, while inside, whether the page has asked for another document: `awaited`.

        Only where it matters: every request is then reported by the browser.
        """
        self.page.on("request", self._on_request)
        try:
            yield
        finally:
            self.page.remove_listener("request", self._on_request)
            self.awaited = False

    def _on_request(self, request: "Request") -> None:
        if request.is_navigation_request() and request.frame.parent_frame is None:
            self.awaited = True

    def _on_dialog(self, dialog: "Dialog") -> None:
        if dialog.type == "beforeunload":  # leaving a half-filled form changes nothing outside
            dialog.accept()
        elif self.accepting is not None and self.accepting in dialog.message:
            self.accepting = None
            dialog.accept()
        else:
            self.dialogs.append(dialog.message)
            dialog.dismiss()

    def _on_navigated(self, frame: "Frame") -> None:
        if frame.parent_frame is None:
            self.arrivals += 1
            self.awaited = False

    def _on_crash(self, page: "PlaywrightPage") -> None:
        self.crashed = True


class BrowserSession:
    """Chromium for one worker; see the module's docstring."""

    def __init__(
        self,
        found: FoundBrowser | None = None,
        *,
        cache: Path | None = None,
        install: bool = False,
        recycle_after: int = 50,
    ) -> None:
        self._found = found
        self._cache = cache
        self._install = install
        self._recycle_after = recycle_after  # items one context may serve
        self._driver: Driver | None = None
        self._browser: Browser | None = None
        self._contexts: dict[str, BrowserContext] = {}
        self._tabs: dict[str, Tab] = {}
        self._items: dict[str, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def version(self) -> str | None:
        """The running browser's version; None while none runs."""
        return self._browser.version if self._browser is not None else None

    @property
    def folder(self) -> Path | None:
        """The session's private temporary folder; None before the browser is first used."""
        return self._driver.scratch.folder if self._driver is not None else None

    def open_tab(self, name: str) -> Tab | None:
        """Return the target's tab if one is open and alive; never opens one."""
        tab = self._tabs.get(name)
        return tab if tab is not None and tab.alive and self._running() else None

    def tab(self, name: str) -> Tab:
        """Return the open tab of a target, opening one (and starting Chromium) when there is none alive."""
        return self.open_tab(name) or self.fresh_tab(name)

    def fresh_tab(self, name: str) -> Tab:
        """Close the target's tab and open an empty one in the same context, so that its login is kept."""
        from playwright.sync_api import Error

        self.close_tab(name)
        try:
            tab = Tab(self._context(name).new_page())
        except Error as error:
            self._abandon()
            raise PortalUnavailable("the browser did not open a page; it is started again") from error
        self._tabs[name] = tab
        return tab

    def close_tab(self, name: str) -> None:
        """Close the target's tab; its context keeps the login."""
        from playwright.sync_api import Error

        tab = self._tabs.pop(name, None)
        if tab is not None and self._running():
            try:
                tab.page.close()
            except Error:
                self._abandon()

    def item_done(self, name: str) -> None:
        """Count an item that used the target's tab; renew the context when it has served enough of them."""
        self._items[name] = self._items.get(name, 0) + 1
        if self._items[name] >= self._recycle_after:
            self._recycle(name)

    def drop(self, name: str) -> None:
        """Close the target's tab and context: page, cookies and login are gone."""
        from playwright.sync_api import Error

        self._tabs.pop(name, None)
        self._items.pop(name, None)
        context = self._contexts.pop(name, None)
        if context is not None and self._running():
            try:
                context.close()
            except Error:
                self._abandon()

    def close(self) -> None:
        """End Chromium and Playwright and remove the private folder; harmless when called twice."""
        for name in list(self._contexts):
            self.drop(name)
        self._abandon()
        if self._driver is not None:
            give_back(self._driver)
            self._driver = None

    def _running(self) -> bool:
        return self._browser is not None and self._browser.is_connected()

    def _context(self, name: str, state: Any = None) -> "BrowserContext":
        if not self._running():
            self._abandon()
            self._browser = self._launch()
        if name not in self._contexts:
            assert self._browser is not None
            self._contexts[name] = self._browser.new_context(
                locale="en-GB", storage_state=state, extra_http_headers=_ONE_REQUEST_A_CONNECTION
            )
        return self._contexts[name]

    def _launch(self) -> "Browser":
        from playwright.sync_api import Error

        if self._found is None:
            self._found = find_browser(cache=self._cache, install=self._install)
        try:
            return self._launched(self._found)
        except Error:  # the driver died, or what the cache promised no longer holds: begin anew, and let that speak
            self._end_driver()
            self._found = find_browser(cache=self._cache, install=self._install, afresh=True)
            return self._launched(self._found)

    def _launched(self, found: FoundBrowser) -> "Browser":
        if self._driver is None:
            self._driver = borrow()
        profile = self._driver.scratch.folder / f"profile-{secrets.token_hex(4)}"
        (profile / "Default").mkdir(parents=True)
        (profile / "Default" / "Preferences").write_text(json.dumps(_NO_CONNECTION_AHEAD), encoding="utf-8")
        start = self._driver.playwright.chromium.launch_persistent_context
        own = start(profile, **launch_options(found.executable))
        for page in own.pages:  # the window it opens with only costs
            page.close()
        assert own.browser is not None  # only a browser that somebody else started has none
        return own.browser

    def _recycle(self, name: str) -> None:
        """Open a new context with the cookies and local storage of the old one."""
        from playwright.sync_api import Error

        context = self._contexts.get(name)
        if context is None or not self._running():
            self.drop(name)
            return
        try:
            state = context.storage_state()  # in memory only
            self.drop(name)
            self._context(name, state)
        except Error:
            self._abandon()

    def _abandon(self) -> None:
        """Forget everything that lived in this Chromium, and end it if it still runs."""
        from playwright.sync_api import Error

        browser, self._browser = self._browser, None
        self._contexts.clear()
        self._tabs.clear()
        self._items.clear()
        if browser is not None:
            try:
                browser.close()
            except Error:  # not even that: the driver is dead
                self._end_driver()

    def _end_driver(self) -> None:
        if self._driver is not None:
            forget(self._driver)
            self._driver = None
