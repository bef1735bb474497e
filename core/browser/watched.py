"""What a page object stands on: waits that notice early when they are in vain, errors that name the true cause."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar
from urllib.parse import urlsplit

from core.browser.readback import READ, READ_NOW, Shown
from core.browser.seen import SEEN, Seen, masked
from core.browser.session import Tab
from core.browser.trouble import (
    described,
    has_no_option,
    hush,
    is_ambiguous,
    is_covered,
    is_gone,
    is_timeout,
    network_reason,
    playwright_error,
)
from core.errors import PortalChanged, PortalUnavailable, SessionLost
from core.model.guards import Guard

if TYPE_CHECKING:
    from playwright.sync_api import Error, Locator
    from playwright.sync_api import Page as PlaywrightPage

T = TypeVar("T")

_SLICES = (0.5, 2.0)  # seconds after which a wait looks around before it goes on


class Watched:
    """A tab that is watched while something is awaited in it; `Page` adds the words for acting."""

    def __init__(self, tab: Tab, guard: Guard, *, timeout: timedelta, base: str) -> None:
        self.tab = tab
        self.guard = guard
        self.timeout = timeout  # longest wait for one state
        self.base = base  # address that paths start from

    @property
    def page(self) -> "PlaywrightPage":
        """Playwright's page, for what this class has no word for."""
        return self.tab.page

    def surprise(self, seen: Seen) -> None:
        """Override to recognise what a target may show instead of any page, and raise what it means.

        A login form: SessionLost. A maintenance page: PortalUnavailable. A survey in the way: PortalChanged. Called
        after each arrival on a new document and before any error is raised; must not touch the page.
        """

    def _do(self, action: Callable[[float], T], locator: "Locator") -> T:
        """Run an action that may be repeated, in growing slices; between them look whether waiting is in vain."""
        self._report_dialogs()
        self._arrive()
        for ms, last in self._waits():
            try:
                return action(ms)
            except playwright_error() as error:
                self._despair(error, described(locator), last=last)
        raise AssertionError("the last slice returns or raises")

    def _waits(self) -> Iterator[tuple[float, bool]]:
        left = self.timeout.total_seconds()
        for part in _SLICES:
            if left <= part:
                break
            left -= part
            yield part * 1000, False
        yield left * 1000, True

    def _despair(self, error: "Error", wanted: str, *, last: bool) -> None:
        """Raise what an error means, unless it is a time-out that may still turn out well."""
        if last or not is_timeout(error) or has_no_option(error):
            self._raise(error, wanted)
        if self.tab.awaited:  # a page that is about to leave tells nothing
            self._report_dialogs()
            return
        seen = self._name_surprise()
        if seen is not None and seen.dialogs and is_covered(error):
            self._raise(error, wanted)

    def _raise(self, error: "Error", wanted: str) -> NoReturn:
        """Raise the true cause of an error, in our words."""
        network = network_reason(error)
        place = f"on {page_path(self.page.url)}"
        if network is not None:
            raise PortalUnavailable(f"{wanted} failed: {network}") from hush(error)
        if self.tab.crashed or is_gone(error):
            self.tab.crashed = True
            raise PortalUnavailable(f"the browser ended {place}; it is started again") from hush(error)
        if self.tab.awaited and is_timeout(error):
            self._report_dialogs()
            raise PortalUnavailable(
                f"{place} the next page was asked for and did not come within {self._limit()}"
            ) from hush(error)
        try:
            seen = self._name_surprise()
        except (PortalUnavailable, PortalChanged) as cause:
            raise cause from hush(error)
        if seen is None:
            raise PortalUnavailable(f"the page {place} does not react") from hush(error)
        raise self._changed(error, wanted, seen, place) from hush(error)

    def _changed(self, error: "Error", wanted: str, seen: Seen, place: str) -> PortalChanged | PortalUnavailable:
        dialog = f" Open dialog: {masked(seen.dialogs[0])!r}." if seen.dialogs else ""
        if is_ambiguous(error):
            return PortalChanged(f"{place} there is more than one {wanted}; exactly one was expected.{dialog}")
        if has_no_option(error):
            return PortalChanged(f"{place} the {wanted} does not offer the option to be chosen.{dialog}")
        if is_covered(error):
            return PortalChanged(f"{place} something lies over the {wanted}.{dialog}")
        if not is_timeout(error):
            return PortalChanged(f"{place} the {wanted} cannot be used as expected.{dialog}")
        if wanted.startswith("opening ") or seen.loading:
            return PortalUnavailable(f"{place}: the page was not loaded within {self._limit()}")
        return PortalChanged(
            f"{place} the {wanted} was not there, or not usable, within {self._limit()};"
            f" {seen.instead(wanted)}.{dialog}"
        )

    def _report_dialogs(self) -> None:
        texts = self.tab.take_dialogs()
        if texts:
            self.tab.accepting = None
            told = "; ".join(repr(masked(text[:200])) for text in texts)
            raise PortalChanged(f"on {page_path(self.page.url)} an unexpected dialog was dismissed: {told}")

    def _arrive(self, *, loaded: bool = False) -> None:
        """After a new document came: find out at once whether it is an error, a login or a maintenance page."""
        if self.tab.checked == self.tab.arrivals:
            return
        self.tab.checked = self.tab.arrivals
        try:
            if not loaded:  # a page that hangs while it loads would never answer _at_once
                self.page.locator("html").wait_for(state="attached", timeout=milliseconds(self.timeout))
            answer = self._at_once(SEEN, True) or self._answer(SEEN, True, milliseconds(self.timeout))
            seen = Seen.from_json(answer)
        except playwright_error() as error:
            if is_timeout(error):
                place = page_path(self.page.url)
                raise PortalUnavailable(f"{place} was not loaded within {self._limit()}") from hush(error)
            self._raise(error, "arriving on a page")
        self.tab.arrived = seen
        self._judge(seen)

    def _at_once(self, script: str, given: object) -> Any:
        """Run a script now, the cheap way; None when the page is just leaving."""
        try:
            return self.page.evaluate(script, given)
        except playwright_error() as error:
            if is_gone(error):
                raise
            return None

    def _answer(self, script: str, given: object, ms: float) -> str:
        """Run a script until it returns text, at most so long; costs more, but ends even when the page hangs."""
        return str(self.page.wait_for_function(script, arg=given, timeout=ms).json_value())

    def _look(self) -> Seen | None:
        """Return what the page shows now, or None when it does not react."""
        try:
            return Seen.from_json(self._answer(SEEN, False, 2000))
        except playwright_error() as error:
            if is_gone(error) or self.tab.crashed:
                self.tab.crashed = True
                raise PortalUnavailable("the browser ended; it is started again") from hush(error)
            return None

    def _name_surprise(self) -> Seen | None:
        """Raise the true cause when there is one: a dialog, a server error, what the target knows; or look."""
        self._report_dialogs()
        seen = self._look()
        if seen is not None:
            self._judge(seen)
        return seen

    def _judge(self, seen: Seen) -> None:
        self.surprise(seen)
        if seen.path == "chrome-error:":
            raise PortalUnavailable("the connection to the target failed")
        if seen.status == 503:
            raise PortalUnavailable(f"{seen.path} says that the target is not available (HTTP 503)")
        if seen.status is not None and (seen.status >= 500 or seen.status == 429):
            raise PortalUnavailable(f"{seen.path} answered HTTP {seen.status}")
        if seen.status == 401:
            raise SessionLost(f"{seen.path} asks for a login (HTTP 401)")

    def _await_arrival(self, error: "Error") -> None:
        """Wait for the document that a delivered click asked for, if it asked for one."""
        self.page.wait_for_timeout(1)  # no wait for time: one round trip, so that what the browser told is heard
        if not self.tab.awaited:
            return
        try:
            self.page.wait_for_event("framenavigated", timeout=milliseconds(self.timeout))
        except playwright_error() as late:
            if not is_timeout(late):
                self._raise(late, "waiting for the next page")
            raise PortalUnavailable(f"the answer to a click did not come within {self._limit()}") from hush(error)

    def _arrived_at(self, pattern: re.Pattern[str]) -> None:
        self._report_dialogs()
        for ms, last in self._waits():
            try:
                return self.page.wait_for_url(pattern, timeout=ms, wait_until="domcontentloaded")
            except playwright_error() as error:
                self._despair(error, f"address {pattern.pattern!r}", last=last)
        return None

    def _ask(self, labels: list[str]) -> object:
        """Read labels, waiting until all are there; when they are not, say which is missing."""
        self._report_dialogs()
        self._arrive()
        try:
            answer = self._at_once(READ, labels)
        except playwright_error() as error:
            self._raise(error, f"field {labels[0]!r}")
        if answer is not None:
            return json.loads(answer)
        for ms, last in self._waits():
            try:
                return json.loads(self._answer(READ, labels, ms))
            except playwright_error() as error:
                self._despair(error, self._missing(labels), last=last)
        return None

    def _missing(self, labels: list[str]) -> str:
        try:
            shown = Shown.all_from(self.page.evaluate(READ_NOW, labels))
        except playwright_error():
            return f"field {labels[0]!r}"
        return next((f"field {field.label!r}" for field in shown if not field.count), f"field {labels[0]!r}")

    def _only_one(self, field: Shown) -> None:
        if field.count == 1:
            return
        seen = self._name_surprise()
        wanted, place = f"field {field.label!r}", f"on {page_path(self.page.url)}"
        if field.count:
            raise PortalChanged(f"{place} there are {field.count} of {wanted}; exactly one was expected")
        raise PortalChanged(f"{place} there is no {wanted}; {seen.instead(wanted) if seen else ''}")

    def _limit(self) -> str:
        return f"{self.timeout.total_seconds():g} s"


def milliseconds(span: timedelta) -> float:
    """A span as Playwright counts."""
    return span.total_seconds() * 1000


def page_path(address: str) -> str:
    """The part of an address that names the page: no host, no query, which may hold what was searched for."""
    return urlsplit(address).path or "/"
