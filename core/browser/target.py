"""Base of targets that are driven through the browser: login, lost sessions, and evidence of what went wrong.

    class Ledger(BrowserTarget):
        name = "ledger"

        def signed_in(self) -> bool:
            return self.on(HomePage).open().shows_menu()

        def login(self) -> None:
            self.on(LoginPage).sign_in(self.secret("user"), self.secret("password"))   # raises LoginFailed

        def find_supplier(self, name: str) -> Supplier | None: ...

        @changes
        def post(self, plan: Voucher) -> Receipt:
            return self.on(VoucherForm).save(plan)

The runtime enters `session()` for each item. It opens the target's tab and signs in when the tab is new and its context
carries no login; the login happens inside `access.login_turn()`, so that a refusal (LoginFailed) holds the target for
every worker. An application error leaves a picture and the page's text as evidence and closes the tab; a lost session
or a refused login drops the context with its cookies, as `close()` does after a doubt. `options = {trace = true}` in
the target's table also keeps a scrubbed trace of a failed item (and costs about 60 ms an item, failed or not).
"""

import urllib.error
import urllib.request
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, TypeVar

from loguru import logger

from core.browser.page import Page
from core.browser.scrub import Scrubber, SecretSurvives, scrub_trace
from core.browser.session import BrowserSession, Tab
from core.browser.trouble import hush, is_gone, network_reason, playwright_error
from core.errors import (
    ApplicationException,
    ConfigError,
    LoginFailed,
    PortalChanged,
    PortalUnavailable,
    SessionLost,
)
from core.model.guards import Guard
from core.secrets import Secret
from core.target import Access, Target

if TYPE_CHECKING:
    from playwright.sync_api import Error

P = TypeVar("P", bound=Page)

_LAST_LOOK = 5000.0  # ms that evidence of a failure may take
_SHORTEST_COOKIE = 8  # characters; shorter cookies hold a language or a flag, not a session


class BrowserTarget(Target, ABC):
    """A target with pages; subclass it, and give it `login` and `signed_in`."""

    def __init__(self, access: Access) -> None:
        super().__init__(access)
        self._tab: Tab | None = None  # the tab that is known to be signed in
        self._used: set[str] = set()  # secrets handed out, for scrubbing
        self._tracing = False

    # -- what a subclass says -----------------------------------------------------------------------------------

    @abstractmethod
    def login(self) -> None:
        """Sign in on the open tab; raise LoginFailed when the target refuses."""

    @abstractmethod
    def signed_in(self) -> bool:
        """Tell whether the tab's context carries a login; may open a page to see. Asked of new tabs only."""

    def logout(self) -> None:
        """Override to sign out on the open tab, so that the session is free at the target; by default it lapses."""

    # -- what a subclass uses -----------------------------------------------------------------------------------

    @property
    def guard(self) -> Guard:
        """The running effect, for `@changes`."""
        return self.access.guard

    @property
    def browser(self) -> BrowserSession:
        """The worker's browser."""
        session: BrowserSession = self.access.browser()
        return session

    def on(self, kind: type[P]) -> P:
        """Return a page object over the target's open tab."""
        return kind(
            self.browser.tab(self.settings.name),
            self.guard,
            timeout=self.settings.timeout,
            base=self._url(),
        )

    def secret(self, role: str) -> Secret:
        """Return a secret by its role; evidence is scrubbed of it from now on."""
        secret = self.access.secret(role)
        self._used.add(secret.reveal())
        return secret

    # -- what the runtime calls ---------------------------------------------------------------------------------

    @contextmanager
    def session(self) -> Iterator[None]:
        """Make the tab ready and signed in; on an error keep evidence and close what is in doubt."""
        try:
            self._ready()
            self._start_trace()
            yield
        except ApplicationException as error:
            self._failed(error)
            raise
        except playwright_error() as error:
            translated = self._translated(error)
            self._failed(translated)
            raise translated from hush(error)
        finally:
            self._settle()

    def close(self) -> None:
        """Drop the tab, its context and its login."""
        self._tab = None
        self._tracing = False
        self.browser.drop(self.settings.name)

    def leave(self) -> None:
        """Sign out where the target knows how, and drop tab, context and login; a sign-out that fails is no error."""
        if self._tab is not None and self.browser.open_tab(self.settings.name) is self._tab:
            try:
                self.logout()
            except (ApplicationException, playwright_error()) as error:
                logger.warning("Signing out of {} failed: {}", self.settings.name, type(error).__name__)
        self.close()

    def probe(self) -> None:
        """Ask the target's address for an answer, without a browser; raise PortalUnavailable when there is none."""
        address = self._url()
        if not address.startswith(("http://", "https://")):
            raise ConfigError([f"targets.{self.settings.name}.url: {address!r} is not an http or https address"])
        try:
            with urllib.request.urlopen(address, timeout=self.settings.timeout.total_seconds()):
                return
        except urllib.error.HTTPError as error:
            with error:
                if error.code < 500:
                    return
            raise PortalUnavailable(f"{self.settings.name} answered HTTP {error.code}") from error
        except OSError as error:
            raise PortalUnavailable(f"{self.settings.name} does not answer: {error}") from error

    # -- inside -------------------------------------------------------------------------------------------------

    def _url(self) -> str:
        if not self.settings.url:
            raise ConfigError([f"targets.{self.settings.name}.url is missing; a browser target needs its address"])
        return self.settings.url

    def _ready(self) -> None:
        tab = self.browser.tab(self.settings.name)
        if tab is self._tab:
            return
        self._tab = None
        if not self.signed_in():
            with self.access.login_turn():
                self.login()
                if not self.signed_in():
                    raise PortalChanged(f"after its login {self.settings.name} is neither signed in nor refuses")
        self._tab = self.browser.tab(self.settings.name)

    def _settle(self) -> None:
        """Count the item, and keep what a dialog said when nobody acted after it."""
        self._stop_trace()
        tab = self.browser.open_tab(self.settings.name)
        if tab is not None:
            for text in tab.take_dialogs():
                self._keep("dialog", text)
        self.browser.item_done(self.settings.name)

    def _failed(self, error: ApplicationException) -> None:
        """Keep evidence of the page as it is, then close the tab, or the whole context when its login is in doubt."""
        tab = self.browser.open_tab(self.settings.name)
        if tab is not None:
            self._keep_evidence(tab)
        self._tab = None
        if isinstance(error, SessionLost | LoginFailed):
            self.close()
        else:
            self.browser.close_tab(self.settings.name)

    def _keep_evidence(self, tab: Tab) -> None:
        """Store a picture, the page's text and the trace; what a dying browser no longer gives is left out."""
        try:
            scrubber = Scrubber(self._secret_values(tab))
            picture = tab.page.screenshot(type="jpeg", quality=60, timeout=_LAST_LOOK)
            text = tab.page.locator("body").inner_text(timeout=_LAST_LOOK)
            self._evidence("failure", picture, media_type="image/jpeg")
            self._evidence("failure-text", scrubber.text(text).encode(), media_type="text/plain")
            self._keep_trace(tab)
        except playwright_error():
            return

    def _keep(self, name: str, text: str) -> None:
        scrubber = Scrubber(self._used)
        self._evidence(name, scrubber.text(text).encode(), media_type="text/plain")

    def _evidence(self, name: str, data: bytes, *, media_type: str) -> None:
        """Keep what tells of an error; that it cannot be kept must not take the error's place, nor stop the tidying."""
        try:
            self.guard.evidence(name, data, media_type=media_type)
        except ApplicationException as error:
            logger.warning("Evidence {!r} of {} was not kept: {}", name, self.settings.name, error.message)

    def _secret_values(self, tab: Tab) -> set[str]:
        """Every value that must not be in evidence: the target's secrets, and cookies long enough to be a session's."""
        cookies = {cookie["value"] for cookie in tab.page.context.cookies()}
        return self._used | {value for value in cookies if len(value) >= _SHORTEST_COOKIE}

    def _start_trace(self) -> None:
        if self.settings.options.get("trace", False):  # after the login, never during it
            self.browser.tab(self.settings.name).page.context.tracing.start(snapshots=True)
            self._tracing = True

    def _keep_trace(self, tab: Tab) -> None:
        if not self._tracing:
            return
        self._tracing = False
        with TemporaryDirectory(dir=self.browser.folder) as folder:
            file = Path(folder) / "trace.zip"
            tab.page.context.tracing.stop(path=file)
            try:
                trace = scrub_trace(file.read_bytes(), self._secret_values(tab))
            except SecretSurvives as error:
                self._keep("failure-trace-refused", str(error))
            else:
                self._evidence("failure-trace", trace, media_type="application/zip")

    def _stop_trace(self) -> None:
        tab = self.browser.open_tab(self.settings.name)
        if self._tracing and tab is not None:
            try:
                tab.page.context.tracing.stop()
            except playwright_error():
                self.browser.drop(self.settings.name)
        self._tracing = False

    def _translated(self, error: "Error") -> ApplicationException:
        """Name an error of Playwright's own that a subclass let through."""
        if is_gone(error):
            return PortalUnavailable(f"the browser ended while {self.settings.name} was in use; it is started again")
        network = network_reason(error)
        if network is not None:
            return PortalUnavailable(f"{self.settings.name} could not be reached: {network}")
        return PortalChanged(f"a page of {self.settings.name} was not as expected: {error.message.splitlines()[0]}")
