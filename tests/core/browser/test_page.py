"""What a page object may do, and what it says when the page is not as expected."""

import re
import traceback
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import TimeoutError

from core.browser import Page, Seen
from core.errors import PortalChanged, PortalUnavailable, SessionLost
from tests.core.browser.guard import NotingGuard
from tests.core.browser.portal import FORM, Portal


class Strict(Page):
    """A page object that knows the portal's login form and its survey."""

    def surprise(self, seen: Seen) -> None:
        """Recognise the login form and the survey."""
        if seen.password:
            raise SessionLost("the portal asks for a login")
        if any("survey" in dialog for dialog in seen.dialogs):
            raise PortalChanged("a survey is in the way")


def test_fields_are_filled_chosen_ticked_and_attached_by_label(page: Page, tmp_path: Path) -> None:
    """Every kind of field is set by its label and read back by its label."""
    file = tmp_path / "scan.pdf"
    file.write_bytes(b"%PDF-1.4")
    page.goto("/")
    page.fill("Invoice number", "INV-7")
    page.choose("Currency", "Euro")
    page.tick("Urgent")
    page.attach("Document", file, name="invoice.pdf")
    assert page.read_all(["Invoice number", "Currency", "Urgent", "Document"]) == {
        "Invoice number": "INV-7",
        "Currency": "Euro",
        "Urgent": "checked",
        "Document": "invoice.pdf",
    }


def test_facts_and_tables_are_read_by_name(page: Page) -> None:
    """Values shown in lists and tables of facts are read like fields, and tables row by row."""
    page.goto("/list")
    assert page.read("Voucher number") == "V-2"
    assert page.read("Supplier") == "Marsh & Sons"
    assert page.rows(page.table("Vouchers")) == [
        {"Number": "V-1", "Net": "10.00"},
        {"Number": "V-2", "Net": "20.00"},
    ]
    assert page.text(page.heading("Vouchers")) == "Vouchers"


def test_a_link_is_followed_and_an_address_awaited(page: Page) -> None:
    """Clicking a link ends on its page."""
    page.goto("/")
    page.click(page.link("All vouchers"))
    page.wait(re.compile(r"/list$"))
    page.wait(page.heading("Vouchers"))


def test_a_changed_label_is_named_with_what_is_there(page: Page, portal: Portal) -> None:
    """A label that is gone raises PortalChanged naming it, the page and the nearest labels, and no typed value."""
    portal.form = FORM.replace("Invoice number", "Invoice no.")
    page.goto("/vouchers/new")
    typed = "TYPED-" + "VALUE"
    with pytest.raises(PortalChanged) as raised:
        page.fill("Invoice number", typed)
    message = raised.value.message
    assert "field 'Invoice number'" in message
    assert "/vouchers/new" in message
    assert message.index("'Invoice no.'") < message.index("'Currency'")
    assert "TYPED-VALUE" not in "".join(traceback.format_exception(raised.value))
    with pytest.raises(PortalChanged, match=r"was not there"):
        page.read("Invoice number")


def test_a_label_that_is_there_twice_is_refused(page: Page) -> None:
    """Two fields with one label are never chosen between."""
    page.goto("/")
    with pytest.raises(PortalChanged, match="more than one field 'Amount'"):
        page.fill("Amount", "1.00")
    with pytest.raises(PortalChanged, match="2 of field 'Amount'"):
        page.read("Amount")


@pytest.mark.parametrize(
    ("path", "error", "words"),
    [
        ("/broken", PortalUnavailable, "HTTP 500"),
        ("/maintenance", PortalUnavailable, "not available"),
        ("/drop", PortalUnavailable, "ERR_EMPTY_RESPONSE"),
        ("/missing", PortalChanged, "HTTP 404"),
    ],
)
def test_a_failing_page_is_named_for_what_it_is(page: Page, path: str, error: type[Exception], words: str) -> None:
    """Server errors, maintenance, lost connections and missing pages are told apart when a page is opened."""
    with pytest.raises(error, match=words):
        page.goto(path)


def test_a_server_that_is_away_is_unavailable(page: Page, guard: NotingGuard) -> None:
    """A refused connection is PortalUnavailable."""
    away = Page(page.tab, guard, timeout=timedelta(seconds=1), base="http://127.0.0.1:9")
    with pytest.raises(PortalUnavailable, match="net::"):
        away.goto("/")


@pytest.mark.parametrize(
    ("path", "error"), [("/broken", PortalUnavailable), ("/drop", PortalUnavailable), ("/login", SessionLost)]
)
def test_a_link_that_leads_to_a_surprise_says_so(page: Page, portal: Portal, path: str, error: type[Exception]) -> None:
    """After a click the next action meets a server error, a lost connection or a login form and names it."""
    portal.form = f'<a href="{path}">Go on</a>'
    strict = page.on(Strict)
    strict.goto("/")

    def go_on() -> None:
        strict.click(strict.link("Go on"))  # the answer may be here before the click has returned
        strict.fill("Invoice number", "1")

    with pytest.raises(error):
        go_on()


def test_a_click_that_asks_for_no_page_waits_for_none(page: Page) -> None:
    """A click that was delivered, and only told late, is done when no document was asked for."""
    page.goto("/")
    with page.tab.asking():
        page._await_arrival(TimeoutError("Locator.click: Timeout 500ms exceeded."))
    assert page.read("Invoice number") == ""


def test_a_slow_answer_to_a_click_is_awaited_and_clicked_once(page: Page, portal: Portal, guard: NotingGuard) -> None:
    """A link whose answer comes after the first look around is neither clicked again nor given up."""
    patient = Page(page.tab, guard, timeout=timedelta(seconds=10), base=portal.url)
    patient.goto("/")
    page.tab.page.on("request", lambda request: portal.gate.set() if request.url.endswith("/slow") else None)
    patient.click(patient.link("Slow list"))
    patient.wait(patient.heading("Vouchers"))


def test_an_answer_that_never_comes_is_unavailable(page: Page) -> None:
    """A click whose page does not come within the limit raises PortalUnavailable."""
    page.goto("/")
    with pytest.raises(PortalUnavailable, match="did not come within"):
        page.click(page.link("Slow list"))


def test_an_unexpected_dialog_is_dismissed_and_reported(page: Page, portal: Portal) -> None:
    """The next action after an alert raises PortalChanged with the alert's words."""
    portal.form = FORM + "<script>number.onchange = () => alert('Supplier 12345678 is blocked')</script>"
    page.goto("/")
    page.fill("Invoice number", "1")

    def go_on() -> None:
        page.tick("Urgent")  # leaves the field; the alert may be here before the box is ticked
        page.fill("Note", "x")

    with pytest.raises(PortalChanged, match="Supplier … is blocked"):
        go_on()


def test_a_covering_dialog_is_the_cause_that_is_named(page: Page, portal: Portal) -> None:
    """A click under a modal says which dialog is in the way, by the target's own words when it knows it."""
    survey = "<div role=dialog style='position:fixed;inset:0;background:white'>Take our survey</div>"
    portal.form = FORM + survey
    page.goto("/")
    with pytest.raises(PortalChanged, match=r"something lies over the link 'All vouchers'.*survey"):
        page.click(page.link("All vouchers"))
    with pytest.raises(PortalChanged, match="a survey is in the way"):
        page.on(Strict).click(page.link("All vouchers"))


def test_an_option_that_is_not_offered_is_named_without_its_value(page: Page) -> None:
    """A choice without the wanted option raises PortalChanged that does not show what was to be chosen."""
    page.goto("/")
    wanted = "Doub" + "loon"
    with pytest.raises(PortalChanged, match="does not offer the option") as raised:
        page.choose("Currency", wanted)
    assert wanted not in "".join(traceback.format_exception(raised.value))


def test_whichever_state_comes_is_returned(page: Page) -> None:
    """Of several possible states the one that is shown is returned."""
    page.goto("/list")
    found, nothing = page.table("Vouchers"), page.heading("No vouchers")
    assert page.either(found, nothing) is found
    assert page.either(nothing, found) is found
    assert not page.shows(nothing)


def test_a_document_is_saved_with_the_sessions_cookies(page: Page, tmp_path: Path) -> None:
    """The PDF behind a link is saved; a page that is no PDF is refused and leaves no file."""
    page.goto("/")
    saved = page.save_document(page.link("Print"), tmp_path / "voucher.pdf")
    assert saved.read_bytes() == b"%PDF-1.4 tiny"
    with pytest.raises(PortalChanged, match="not a PDF"):
        page.save_document("/list", tmp_path / "list.pdf")
    with pytest.raises(PortalUnavailable, match="HTTP 500"):
        page.save_document("/broken", tmp_path / "broken.pdf")
    assert [file.name for file in tmp_path.iterdir()] == ["voucher.pdf"]


def test_a_page_that_does_not_react_is_unavailable(page: Page) -> None:
    """A page whose script never ends is unavailable, not changed."""
    page.goto("/")
    page.page.evaluate("setTimeout(() => { for (;;); }, 0)")
    with pytest.raises(PortalUnavailable):
        page.fill("Invoice number", "1")
