"""Every fault of the ledger ends as it must: nothing doubled, nothing lost, nothing wrong left unnoticed.

`committed` says whether the guard let the click through: from then on the effect is in doubt and looks before it acts.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from core.errors import (
    ApplicationException,
    BusinessException,
    LoginFailed,
    PortalChanged,
    PortalUnavailable,
    SessionLost,
)
from core.model.answers import Absent, CannotTell, Found
from simulators.process import Running
from targets.ledger import Voucher

from .conftest import Desk

Saved = Callable[[], list[dict[str, Any]]]
OpenDesk = Callable[..., Desk]


def eventually(condition: Callable[[], bool], *, within: float = 60.0) -> None:
    """Wait until something real has come about."""
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, "did not come about in time"
        time.sleep(0.05)


def test_error_before_save(desk: Desk, system: Running, plan: Voucher, saved: Saved) -> None:
    """An error page leaves a doubt; the search says absent, and doing it again makes one voucher."""
    system.faults("error-before-save:1")
    with pytest.raises(PortalUnavailable):
        desk.post(plan)
    assert desk.guard.committed
    assert desk.find(plan) == Absent()
    desk.post(plan)
    assert len(saved()) == 1


@pytest.mark.parametrize("fault", ["error-after-save:1", "drop-after-save:1"])
def test_no_answer_though_saved(desk: Desk, system: Running, plan: Voucher, saved: Saved, fault: str) -> None:
    """An error page or a cut connection leaves a doubt; the search finds the one voucher.

    Chromium itself sends a form again when a kept connection is cut; the ledger then says that it has it already.
    """
    system.faults(fault)
    with pytest.raises(ApplicationException):
        desk.post(plan)
    assert desk.guard.committed
    answer = desk.find(plan)
    (voucher,) = saved()
    assert isinstance(answer, Found)
    assert answer.receipt.number == voucher["number"]


@pytest.mark.parametrize("variant", ["timeout", "drop"])
def test_late_commit(desk: Desk, system: Running, plan: Voucher, saved: Saved, variant: str) -> None:
    """The voucher exists only after the error: a search within the settle time says absent, one after it found."""
    system.faults(f"late-commit:{variant}:1:10s")
    with pytest.raises(ApplicationException):
        desk.post(plan)
    assert desk.guard.committed
    assert desk.find(plan) == Absent()
    eventually(lambda: len(saved()) == 1)
    assert isinstance(desk.find(plan), Found)


def test_search_lag(desk: Desk, system: Running, plan: Voucher) -> None:
    """The receipt comes at once, the list shows the voucher only after its lag, which settle must cover."""
    system.faults("search-lag:1:8s")
    receipt = desk.post(plan)
    assert desk.find(plan) == Absent()
    eventually(lambda: bool(desk.find(plan) == Found(receipt)))


def test_slow_pages_are_waited_for(desk: Desk, system: Running, plan: Voucher, saved: Saved) -> None:
    """Pages slower than usual, and within the time-out, change nothing."""
    system.faults("slow:4:0.8s")
    desk.post(plan)
    assert len(saved()) == 1


def test_answer_slower_than_the_time_out(open_desk: OpenDesk, system: Running, plan: Voucher, saved: Saved) -> None:
    """A save whose answer does not come in time leaves a doubt; the search finds it."""
    desk = open_desk(timeout=1.5)
    system.faults("slow:save:1:4s")
    with pytest.raises(ApplicationException):
        desk.post(plan)
    assert desk.guard.committed
    assert isinstance(desk.find(plan), Found)
    assert len(saved()) == 1


def test_session_lost_mid_form(desk: Desk, system: Running, plan: Voucher, saved: Saved) -> None:
    """The click ends at the login: a doubt, absent, and after a new login one voucher."""
    system.faults("session-lost:1")
    with pytest.raises(SessionLost):
        desk.post(plan)
    assert desk.guard.committed
    before = system.snapshot()["login_attempts"]["robot"]
    assert desk.find(plan) == Absent()
    desk.post(plan)
    assert len(saved()) == 1
    assert system.snapshot()["login_attempts"]["robot"] == before + 1


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("label-changed", "the label 'Invoice number' belongs to no field"),
        ("label-changed:twice", "the label 'Invoice number' belongs to 'invoice_number', 'our_reference'"),
        ("field-moved:labels", "the label 'Invoice date' belongs to 'due_date'"),
        ("modal", "How are we doing"),
    ],
)
def test_changed_form_is_noticed_before_anything_is_typed(
    desk: Desk, system: Running, plan: Voucher, saved: Saved, fault: str, message: str
) -> None:
    """A renamed, doubled or exchanged label, or a dialog in the way, is a changed portal, and nothing is clicked."""
    system.faults(fault)
    with pytest.raises(PortalChanged, match=message):
        desk.post(plan)
    assert not desk.guard.committed
    assert saved() == []
    assert "failure" in [piece.name for piece in desk.evidence]


def test_fields_moved_with_their_labels(desk: Desk, system: Running, plan: Voucher, saved: Saved) -> None:
    """Fields that change places with their labels are filled rightly."""
    system.faults("field-moved:order")
    desk.post(plan)
    (voucher,) = saved()
    assert (voucher["invoice_number"], voucher["reference"]) == (plan.number, plan.reference)


def test_list_columns_moved(desk: Desk, system: Running, plan: Voucher) -> None:
    """Columns of the list are read by their headings, wherever they stand."""
    receipt = desk.post(plan)
    system.faults("field-moved:columns")
    assert desk.find(plan) == Found(receipt)


def test_list_column_renamed(desk: Desk, system: Running, plan: Voucher) -> None:
    """A list without the column that says whose voucher it is answers nothing."""
    desk.post(plan)
    system.faults("label-changed:list")
    with pytest.raises(PortalChanged, match="voucher list: 'Our reference' is not shown any more"):
        desk.find(plan)


@pytest.mark.parametrize("fault", ["truncate:maxlength", "reformat:form"])
def test_form_that_alters_what_is_typed(desk: Desk, system: Running, plan: Voucher, saved: Saved, fault: str) -> None:
    """Reading back before the click shows it: a person decides, nothing was sent."""
    system.faults(fault)
    with pytest.raises(BusinessException, match="READ_BACK_DIFFERS"):
        desk.post(plan)
    assert not desk.guard.committed
    assert saved() == []


@pytest.mark.parametrize(
    ("fault", "named"),
    [
        ("truncate:number", "invoice number is 'INV-2026-"),
        ("truncate:reference", "our reference is '100001/INV'"),
        ("reformat:date", "invoice date is '02/03/2026' there and '03/02/2026' here"),
        ("reformat:amount", "gross amount is '3764.00' there and '3764.50' here"),
    ],
)
def test_save_that_alters_values(
    desk: Desk, system: Running, plan: Voucher, saved: Saved, fault: str, named: str
) -> None:
    """The saved voucher is compared with the plan: never a receipt, and the search names the difference."""
    system.faults(f"{fault}:1")
    with pytest.raises(PortalChanged, match="SAVED_DIFFERENTLY") as caught:
        desk.post(plan)
    assert named in caught.value.message
    assert desk.guard.committed
    answer = desk.find(plan)
    assert isinstance(answer, CannotTell)
    assert named in answer.reason
    assert len(saved()) == 1


def test_double_submission_accepted(desk: Desk, system: Running, plan: Voucher, saved: Saved) -> None:
    """A ledger that would take the same form twice gets it once."""
    system.faults("double-submit")
    desk.post(plan)
    assert len(saved()) == 1


def test_not_doubled_by_the_browser_itself(desk: Desk, system: Running, plan: Voucher, saved: Saved) -> None:
    """A connection cut after the save does not make the browser send the form again."""
    system.faults("double-submit", "drop-after-save:1")
    with suppress(ApplicationException):
        desk.post(plan)
    assert len(saved()) == 1
    assert isinstance(desk.find(plan), Found)


def test_wrong_password(open_desk: OpenDesk, system: Running, plan: Voucher) -> None:
    """A refused login is said at once and tried once."""
    desk = open_desk()
    before = system.snapshot()["login_attempts"].get("robot", 0)
    system.faults("wrong-password")
    with pytest.raises(LoginFailed, match="User name or password not recognised"):
        desk.find(plan)
    assert system.snapshot()["login_attempts"]["robot"] == before + 1


def test_maintenance(desk: Desk, system: Running, plan: Voucher, saved: Saved) -> None:
    """A maintenance page is an unavailable portal, before anything is typed."""
    system.faults("maintenance")
    with pytest.raises(PortalUnavailable, match="maintenance"):
        desk.post(plan)
    assert not desk.guard.committed
    system.faults()
    assert saved() == []
