"""Base of page objects: what a bot may do with one page of a target, and what is said when the page is not as expected.

    class VoucherForm(Page):
        def surprise(self, seen: Seen) -> None:
            if seen.password:
                raise SessionLost("the ledger asks for a login")

        @changes
        def save(self, voucher: Voucher) -> str:
            self.goto("/vouchers/new")
            self.fill("Invoice number", voucher.number)
            self.choose("Currency", voucher.currency)
            self.attach("Document", voucher.document)
            self.commit(
                self.button("Post voucher"),
                expecting={"Invoice number": voucher.number, "Currency": voucher.currency},
                then=self.heading("Voucher posted"),
            )
            return self.read("Voucher number")

Controls are found by label, role and exact name: `field`, `button`, `link`, `heading`, `table` return Playwright
locators that say what they look for; a locator of your own says it with `.describe("the status badge")`. Every method
is strict: nothing or several of what is looked for raises PortalChanged, naming it, the page, and what is there
instead. Server errors, lost connections and a dead browser raise PortalUnavailable. Before any of them, `surprise` may
name a truer cause. Methods wait for states, up to `timeout`, and look every now and then whether the wait is in vain.
`VoucherForm` is had from another page by `page.on(VoucherForm)`, from a target by `self.on(VoucherForm)`. `self.page`
is Playwright's own page, for what is missing here.
"""

import mimetypes
import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urljoin

from core.browser.readback import READ_BACK, Shown, compare
from core.browser.seen import Seen, masked
from core.browser.trouble import (
    described,
    hush,
    playwright_error,
    was_clicked,
)
from core.browser.watched import Watched, milliseconds, page_path
from core.errors import PortalChanged, PortalUnavailable

if TYPE_CHECKING:
    from playwright.sync_api import FilePayload, Locator

T = TypeVar("T")
P = TypeVar("P", bound="Page")

_CLICK_LIMIT = timedelta(seconds=5)  # after the fence is passed a click happens within this, or not at all
_ROWS = r"""table => {
  const norm = s => (s || '').replace(/\s+/g, ' ').trim();
  const cells = row => [...row.cells].map(cell => norm(cell.innerText));
  const [head, ...rows] = [...table.rows];
  const names = head ? cells(head) : [];
  return rows.map(row => Object.fromEntries(cells(row).map((text, i) => [names[i] || `column ${i + 1}`, text])));
}"""


class Page(Watched):
    """One page of a target; subclass it and speak in the page's own words."""

    def on(self, kind: type[P]) -> P:
        """Return another page object over the same open page."""
        return kind(self.tab, self.guard, timeout=self.timeout, base=self.base)

    # -- finding ------------------------------------------------------------------------------------------------

    def field(self, label: str) -> "Locator":
        """The control with exactly this label."""
        return self.page.get_by_label(label, exact=True).describe(f"field {label!r}")

    def button(self, name: str) -> "Locator":
        """The button with exactly this name."""
        return self.page.get_by_role("button", name=name, exact=True).describe(f"button {name!r}")

    def link(self, name: str) -> "Locator":
        """The link with exactly this text."""
        return self.page.get_by_role("link", name=name, exact=True).describe(f"link {name!r}")

    def heading(self, name: str) -> "Locator":
        """The heading with exactly this text."""
        return self.page.get_by_role("heading", name=name, exact=True).describe(f"heading {name!r}")

    def table(self, name: str) -> "Locator":
        """The table with exactly this caption or label."""
        return self.page.get_by_role("table", name=name, exact=True).describe(f"table {name!r}")

    # -- going and doing ----------------------------------------------------------------------------------------

    def goto(self, path: str) -> None:
        """Open a path of the target and wait until it is loaded."""
        self._report_dialogs()
        try:
            answer = self.page.goto(self.address(path), timeout=milliseconds(self.timeout))
        except playwright_error() as error:
            self._raise(error, f"opening {page_path(path)}")
        self._arrive(loaded=True)
        if answer is not None and answer.status >= 400:
            raise PortalChanged(f"{page_path(path)} answered HTTP {answer.status}; a page was expected there")

    def address(self, path: str) -> str:
        """Return the full address of a path of the target."""
        return urljoin(self.base.rstrip("/") + "/", path.lstrip("/") if path.startswith("/") else path)

    def fill(self, label: str, value: str) -> None:
        """Replace what the field holds."""
        field = self.field(label)
        self._do(lambda ms: field.fill(value, timeout=ms), field)

    def choose(self, label: str, option: str) -> None:
        """Choose the option with these words."""
        field = self.field(label)
        self._do(lambda ms: field.select_option(label=option, timeout=ms), field)

    def tick(self, label: str, *, on: bool = True) -> None:
        """Tick a box or a radio button; untick it with `on=False`."""
        field = self.field(label)
        self._do(lambda ms: field.set_checked(on, timeout=ms), field)

    def attach(self, label: str, file: Path | bytes, *, name: str | None = None) -> None:
        """Attach a file, or bytes under a name; `name` also renames a file."""
        field = self.field(label)
        if isinstance(file, bytes) and name is None:
            raise ValueError("attaching bytes needs the name they are to have")
        given: Path | FilePayload = file if isinstance(file, Path) and name is None else _payload(file, name or "")
        self._do(lambda ms: field.set_input_files(given, timeout=ms), field)

    def click(self, locator: "Locator") -> None:
        """Click what can be taken back: a link, a search button, a tab; anything else is `commit`."""
        self._report_dialogs()
        self._arrive()
        with self.tab.asking():
            for ms, last in self._waits():
                try:
                    return locator.click(timeout=ms)
                except playwright_error() as error:
                    if was_clicked(error):
                        return self._await_arrival(error)
                    self._despair(error, described(locator), last=last)
        return None

    def wait(self, state: "Locator | re.Pattern[str]") -> None:
        """Wait until something is shown, or until the address matches a pattern."""
        if isinstance(state, re.Pattern):
            self._arrived_at(state)
        else:
            self._do(lambda ms: state.wait_for(state="visible", timeout=ms), state)

    def either(self, *states: "Locator") -> "Locator":
        """Wait until one of several things is shown (a result, a "nothing found"), and return the first shown."""
        any_of = states[0]
        for state in states[1:]:
            any_of = any_of.or_(state)
        words = " or ".join(described(state) for state in states)
        waiting = any_of.first.describe(words)
        self._do(lambda ms: waiting.wait_for(state="visible", timeout=ms), waiting)
        return next((state for state in states[:-1] if self.shows(state)), states[-1])

    # -- reading ------------------------------------------------------------------------------------------------

    def read(self, label: str) -> str:
        """Return what the field, or the fact in a list or table of facts, with this label shows."""
        return self.read_all([label])[label]

    def read_all(self, labels: Sequence[str]) -> dict[str, str]:
        """Return what several labels show, in one round trip."""
        wanted = list(labels)
        answer = self._ask(wanted)
        for field in Shown.all_from(answer):
            self._only_one(field)
        return {field.label: field.values[0] for field in Shown.all_from(answer)}

    def text(self, locator: "Locator") -> str:
        """Return the visible text of one element."""
        return self._do(lambda ms: locator.inner_text(timeout=ms), locator).strip()

    def rows(self, table: "Locator") -> list[dict[str, str]]:
        """Return a table's rows as column heading to text; the first row holds the headings."""
        rows: list[dict[str, str]] = self._do(lambda ms: table.evaluate(_ROWS, timeout=ms), table)
        return rows

    def shows(self, locator: "Locator") -> bool:
        """Tell whether something is shown now, without waiting; several raise PortalChanged."""
        return self._do(lambda ms: locator.is_visible(), locator)

    def arrived(self) -> Seen:
        """Return what the page showed when it came; it was looked at then, so this costs nothing."""
        self._report_dialogs()
        self._arrive()
        return self.seen() if self.tab.arrived is None else self.tab.arrived

    def seen(self) -> Seen:
        """Return what the page shows now."""
        seen = self._look()
        if seen is None:
            raise PortalUnavailable(f"the page at {page_path(self.page.url)} does not react")
        return seen

    def picture(self, *, full: bool = False) -> bytes:
        """Return the page as a JPEG; `full` takes what must be scrolled to as well."""
        try:
            return self.page.screenshot(type="jpeg", quality=60, full_page=full, timeout=milliseconds(self.timeout))
        except playwright_error() as error:
            self._raise(error, "taking a picture")

    def save_document(self, link: "Locator | str", to: Path) -> Path:
        """Save the PDF behind a link or path, with the session's cookies; anything but a PDF raises PortalChanged.

        It is fetched beside the page, since Chromium shows a PDF instead of handing it over.
        """
        if isinstance(link, str):
            address = self.address(link)
        else:
            target = self._do(lambda ms: link.get_attribute("href", timeout=ms), link)
            address = urljoin(self.page.url, target or "")
        try:
            answer = self.page.request.get(address, timeout=milliseconds(self.timeout))
            body = answer.body()
        except playwright_error() as error:
            raise PortalUnavailable(f"the document at {page_path(address)} could not be fetched") from hush(error)
        if answer.status >= 500:
            raise PortalUnavailable(f"the document at {page_path(address)} answered HTTP {answer.status}")
        if not body.startswith(b"%PDF-"):
            self._name_surprise()
            raise PortalChanged(f"what is at {page_path(address)} is not a PDF (HTTP {answer.status})")
        beside = to.with_name(f".{to.name}.part")
        beside.write_bytes(body)
        return beside.replace(to)

    # -- the click that cannot be taken back --------------------------------------------------------------------

    def commit(
        self,
        locator: "Locator",
        *,
        expecting: Mapping[str, str],
        then: "Locator | re.Pattern[str]",
        accepting: str | None = None,
    ) -> None:
        """Click, once, what cannot be taken back: read the fields back, picture, fence, click, wait, picture.

        `expecting` maps labels to what their fields must show (BusinessException READ_BACK_DIFFERS otherwise, before
        anything is sent). `then` is the state that proves the click: something shown, or a pattern of the address.
        `accepting` is text of a browser dialog that the target is known to ask. Any error after the fence leaves the
        outcome in doubt; the effect then looks before anything is done again. Raises OutsideEffect outside one.
        """
        self.guard.require(f"{type(self).__name__}.commit")
        self._read_back(locator, expecting)
        self.guard.evidence("before", self.picture(), media_type="image/jpeg")
        self._report_dialogs()
        self.tab.accepting = accepting
        self.guard.committing()
        with self.tab.asking():
            try:
                # Playwright delivers the click to this element once or not at all; no_wait_after: `then` is awaited.
                locator.click(timeout=min(milliseconds(_CLICK_LIMIT), milliseconds(self.timeout)), no_wait_after=True)
            except playwright_error() as error:
                self._raise(error, described(locator))
            self._report_dialogs()
            self.wait(then)
        self.tab.accepting = None
        self.guard.evidence("after", self.picture(), media_type="image/jpeg")

    def _read_back(self, locator: "Locator", expecting: Mapping[str, str]) -> None:
        asked = {"labels": list(expecting), "limit": min(2000.0, milliseconds(self.timeout))}
        answer = self._do(lambda ms: locator.evaluate(READ_BACK, asked, timeout=ms), locator)
        if answer["obstacle"]:
            seen = self._name_surprise()
            over = f" Open dialog: {masked(seen.dialogs[0])!r}." if seen and seen.dialogs else ""
            raise PortalChanged(
                f"on {page_path(self.page.url)} the {described(locator)} is {answer['obstacle']}.{over}"
            )
        shown = Shown.all_from(answer["fields"])
        for field in shown:
            self._only_one(field)
        compare(shown, expecting)


def _payload(file: Path | bytes, name: str) -> "FilePayload":
    data = file if isinstance(file, bytes) else file.read_bytes()
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return {"name": name, "mimeType": kind, "buffer": data}
