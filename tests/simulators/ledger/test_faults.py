"""Each fault of the ledger does what its summary says, judged by page and by snapshot."""

import http.client
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from simulators.process import Running

from .conftest import Clerk, token_of


def vouchers(ledger: Running) -> list[dict[str, Any]]:
    """Return what the ledger holds."""
    return list(ledger.snapshot()["vouchers"])


def eventually(condition: Callable[[], bool], *, within: float = 10.0) -> None:
    """Wait until something real has come about."""
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, "did not come about in time"
        time.sleep(0.05)


def test_without_faults_a_voucher_is_saved_and_shown(ledger: Running, clerk: Clerk) -> None:
    """A saved voucher is shown with everything in it, and listed with who entered it."""
    before = len(vouchers(ledger))
    status, page = clerk.enter(invoice_number="PLAIN-1")
    assert status == 200
    assert "has been saved" in page
    assert all(text in page for text in ("PLAIN-1", "03/02/2026", "1,200.30", "Desk chair, adjustable", "20%"))
    listed = clerk.get("/vouchers?invoice_number=plain-1&entered_by=clerk")[1]
    assert "<td>clerk</td>" in listed
    assert "Showing 1 to 1 of 1" in listed
    assert "No vouchers found" in clerk.get("/vouchers?invoice_number=plain-1&entered_by=robot")[1]
    assert len(vouchers(ledger)) == before + 1


def test_what_cannot_be_read_is_refused(ledger: Running, clerk: Clerk) -> None:
    """A form with missing or unreadable values is shown again with the reasons and nothing is saved."""
    before = vouchers(ledger)
    status, page = clerk.enter(
        supplier_number="5", invoice_number="", invoice_date="2026-02-03", gross_amount="lots", line_net=""
    )
    assert status == 422
    for problem in (
        "Supplier number was not found",
        "Invoice number is required",
        "Invoice date must be a date",
        "Gross amount must be a number",
        "Line 1 is not complete",
    ):
        assert problem in page
    assert vouchers(ledger) == before


def test_same_invoice_twice_is_accepted(ledger: Running, clerk: Clerk) -> None:
    """The ledger does not mind a second voucher with the same invoice number."""
    clerk.enter(invoice_number="TWICE")
    clerk.enter(invoice_number="TWICE")
    assert [v["invoice_number"] for v in vouchers(ledger)].count("TWICE") == 2


def test_same_form_twice_is_refused(ledger: Running, clerk: Clerk) -> None:
    """A double click saves once."""
    token = token_of(clerk.form())
    clerk.save(token, invoice_number="CLICK")
    status, page = clerk.save(token, invoice_number="CLICK")
    assert status == 409
    assert "already been submitted" in page
    assert [v["invoice_number"] for v in vouchers(ledger)].count("CLICK") == 1


def test_double_submit(ledger: Running, clerk: Clerk) -> None:
    """With the fault a double click saves twice."""
    ledger.faults("double-submit")
    token = token_of(clerk.form())
    clerk.save(token, invoice_number="DOUBLE")
    clerk.save(token, invoice_number="DOUBLE")
    assert [v["invoice_number"] for v in vouchers(ledger)].count("DOUBLE") == 2


@pytest.mark.parametrize(("fault", "saved"), [("error-before-save", 0), ("error-after-save", 1)])
def test_errors_around_the_save(ledger: Running, clerk: Clerk, fault: str, saved: int) -> None:
    """An error page says nothing of whether the voucher was saved; with a count it strikes so often."""
    before = len(vouchers(ledger))
    ledger.faults(f"{fault}:1")
    assert clerk.enter()[0] == 500
    assert len(vouchers(ledger)) == before + saved
    assert clerk.enter()[0] == 200


def test_drop_after_save(ledger: Running, clerk: Clerk) -> None:
    """The connection is cut without an answer, and the voucher is there."""
    before = len(vouchers(ledger))
    ledger.faults("drop-after-save:1")
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        clerk.enter()
    assert len(vouchers(ledger)) == before + 1


def test_late_commit(ledger: Running, clerk: Clerk) -> None:
    """After a time-out page the voucher comes to exist only later."""
    before = len(vouchers(ledger))
    ledger.faults("late-commit:1:1s")
    assert clerk.enter(invoice_number="LATE")[0] == 504
    assert len(vouchers(ledger)) == before
    assert "No vouchers found" in clerk.get("/vouchers?invoice_number=LATE")[1]
    eventually(lambda: len(vouchers(ledger)) == before + 1)
    assert "Showing 1 to 1" in clerk.get("/vouchers?invoice_number=LATE")[1]


def test_late_commit_with_the_connection_cut(ledger: Running, clerk: Clerk) -> None:
    """The late save can also end in a cut connection."""
    ledger.faults("late-commit:drop:1:0s")
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        clerk.enter()


def test_search_lag(ledger: Running, clerk: Clerk) -> None:
    """The voucher exists at once and is listed later."""
    ledger.faults("search-lag:1:1s")
    assert "has been saved" in clerk.enter(invoice_number="LAG")[1]
    assert "LAG" in [v["invoice_number"] for v in vouchers(ledger)]
    assert "No vouchers found" in clerk.get("/vouchers?invoice_number=LAG")[1]
    eventually(lambda: "Showing 1 to 1" in clerk.get("/vouchers?invoice_number=LAG")[1])


def test_session_lost(ledger: Running, clerk: Clerk) -> None:
    """Saving leads to the login, and nothing is saved."""
    before = vouchers(ledger)
    ledger.faults("session-lost:1")
    assert "Your session has ended" in clerk.enter()[1]
    assert vouchers(ledger) == before


def test_wrong_password(ledger: Running, clerk: Clerk) -> None:
    """The right password is refused while it is said to have been changed."""
    ledger.faults("wrong-password")
    assert "not recognised" in clerk.sign_in("robot")
    ledger.faults()
    assert "Signed in as" in clerk.sign_in("robot")


def test_maintenance(ledger: Running, clerk: Clerk) -> None:
    """Every page says maintenance with status 503."""
    ledger.faults("maintenance")
    status, page = clerk.get("/vouchers")
    assert status == 503
    assert "maintenance" in page


@pytest.mark.parametrize("where", ["page", "save"])
def test_slow(ledger: Running, clerk: Clerk, where: str) -> None:
    """A slow page, or the answer to a save, takes as long as was said."""
    token = token_of(clerk.form())
    ledger.faults(f"slow:{where}:1:0.5s")
    began = time.monotonic()
    assert clerk.save(token)[0] == 200
    assert time.monotonic() - began >= 0.5


def test_label_changed(ledger: Running, clerk: Clerk) -> None:
    """A release renames the invoice number, gives it to two fields, or renames a column of the list."""
    ledger.faults("label-changed:1", "label-changed:twice:1", "label-changed:list:1")
    assert ">Supplier&#39;s invoice ref." in clerk.form()
    assert clerk.form().count(">Invoice number") == 2
    assert ">Ref.</th>" in clerk.get("/vouchers?supplier=100001")[1]
    assert clerk.form().count(">Invoice number") == 1


def test_field_moved(ledger: Running, clerk: Clerk) -> None:
    """Fields change places with their labels, labels change places alone, columns of the list move."""
    ledger.faults("field-moved:1", "field-moved:labels:1", "field-moved:columns:1")
    moved, relabelled, plain = clerk.form(), clerk.form(), clerk.form()
    assert moved.index('id="our_reference"') < moved.index('id="invoice_number"')
    assert '<label for="due_date" class="must">Invoice date' in relabelled
    assert '<label for="invoice_date">Due date' in relabelled
    assert plain.index('id="invoice_number"') < plain.index('id="our_reference"')
    listed = clerk.get("/vouchers")[1]
    assert listed.index(">Our reference</th>") < listed.index(">Invoice number</th>")


def test_truncate(ledger: Running, clerk: Clerk) -> None:
    """Invoice number or reference lose their ends when saved, or the form says how many letters it takes."""
    ledger.faults("truncate:1")
    clerk.enter()
    ledger.faults("truncate:reference:1")
    clerk.enter()
    ledger.faults("truncate:maxlength:1")
    assert 'maxlength="10"' in clerk.form()
    first, second = vouchers(ledger)[-2:]
    assert (first["invoice_number"], second["reference"]) == ("INV-2026-0", "100001/INV")


def test_reformat(ledger: Running, clerk: Clerk) -> None:
    """Day and month change places when saved, amounts lose their pence, or the form rewrites dates."""
    ledger.faults("reformat:1")
    clerk.enter()
    ledger.faults("reformat:date:1")
    clerk.enter(invoice_date="28/02/2026")
    ledger.faults("reformat:amount:1")
    clerk.enter()
    ledger.faults("reformat:form:1")
    assert "`${m}/${d}/${y}`" in clerk.form()
    dates = [v["invoice_date"] for v in vouchers(ledger)[-3:]]
    assert dates == ["2026-03-02", "2026-03-01", "2026-02-03"]
    assert vouchers(ledger)[-1]["gross"] == "1200.00"


def test_modal(ledger: Running, clerk: Clerk) -> None:
    """A survey covers the form."""
    ledger.faults("modal:1")
    assert "showModal()" in clerk.form()
    assert "showModal()" not in clerk.form()


def test_list_has_pages(ledger: Running, clerk: Clerk) -> None:
    """More vouchers than fit are listed page by page, newest first, and by the day they were entered."""
    for number in range(26):
        clerk.enter(invoice_number=f"PAGED-{number:02d}")
    first = clerk.get("/vouchers?invoice_number=PAGED")[1]
    assert "Showing 1 to 25 of 26" in first
    assert "PAGED-25" in first
    assert 'href="?invoice_number=PAGED&amp;page=2"' in first
    second = clerk.get("/vouchers?invoice_number=PAGED&page=2")[1]
    assert "PAGED-00" in second
    assert "Showing 26 to 26 of 26" in second
    (*_, last) = ledger.snapshot(times=True)["vouchers"]
    entered = datetime.fromisoformat(last["entered_at"]).astimezone().strftime("%d/%m/%Y")
    assert "of 26" in clerk.get(f"/vouchers?invoice_number=PAGED&entered_from={entered}")[1]
    assert "No vouchers" in clerk.get("/vouchers?invoice_number=PAGED&entered_to=01/01/2020")[1]
