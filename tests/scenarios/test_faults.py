"""Each fault of the ledger, by name, and how it ends: where the item stands, what is asked, what was entered."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from simulators.ledger.faults import LEDGER_FAULTS
from tests.scenarios import ledgers

TOGETHER = 2  # installations at a time
ROW = "100001,RD-2026-0012345,2026-02-03,100.25,20.05,120.30,Copier paper"
ITEM = "RD-2026-0012345"
SETTINGS = {"settle": "1500ms", "timeout": "7s", "linger": "20s", "attempts": 2}


@dataclass(frozen=True, kw_only=True)
class Ending:
    """How a run under a fault ends."""

    state: str = "done"
    code: str | None = None  # the item's
    tries: tuple[str | None, ...] = (None,)  # the code of each attempt
    question: str | None = None  # what a person is asked
    vouchers: int = 1
    exit: int = 0
    holds: tuple[tuple[str, str, str], ...] = ()
    logins: int | None = field(default=None, compare=False)  # at most so many


UNAVAILABLE, CHANGED, DIFFERENT = "PORTAL_UNAVAILABLE", "PORTAL_CHANGED", "SAVED_DIFFERENTLY"
FOUND_OR_DONE_AGAIN = Ending(tries=(UNAVAILABLE, None))
CHANGED_FOR_GOOD = Ending(state="failed", code=CHANGED, tries=(CHANGED, CHANGED), vouchers=0, exit=1)
NEVER_ANSWERS = Ending(state="failed", code=UNAVAILABLE, tries=(UNAVAILABLE, UNAVAILABLE), vouchers=0, exit=1)
SAVED_OTHERWISE = Ending(
    state="in_review", code="CANNOT_TELL", tries=(DIFFERENT, "CANNOT_TELL"), question="CANNOT_TELL"
)
NOT_KEPT_BY_THE_FORM = Ending(
    state="in_review",
    code="READ_BACK_DIFFERS",
    tries=("READ_BACK_DIFFERS",),
    question="READ_BACK_DIFFERS",
    vouchers=0,
)

ENDINGS = {
    # the answer is unclear: after the target has settled it is found, or done again
    "error-before-save:1": FOUND_OR_DONE_AGAIN,
    "error-after-save:1": FOUND_OR_DONE_AGAIN,
    "drop-after-save:1": FOUND_OR_DONE_AGAIN,
    "late-commit:1:timeout:1s": FOUND_OR_DONE_AGAIN,
    "late-commit:1:drop:1s": FOUND_OR_DONE_AGAIN,
    "slow:1:save:18s": FOUND_OR_DONE_AGAIN,
    "session-lost:1": Ending(tries=("SESSION_LOST", None)),
    # it stays unclear: a person looks
    "error-before-save": Ending(
        state="in_review",
        code="EFFECT_IN_DOUBT",
        tries=(UNAVAILABLE, "EFFECT_IN_DOUBT"),
        question="EFFECT_IN_DOUBT",
        vouchers=0,
    ),
    # the screens are not what they were: nothing is typed into a neighbour's field
    "label-changed:form": CHANGED_FOR_GOOD,
    "label-changed:twice": CHANGED_FOR_GOOD,
    "field-moved:labels": CHANGED_FOR_GOOD,
    "modal": CHANGED_FOR_GOOD,
    "field-moved:order": Ending(),
    "field-moved:columns": Ending(),
    "label-changed:list": Ending(exit=1),  # entered, but the target's list cannot be read: no balance, not green
    # what was typed is not what is there
    "truncate:maxlength": NOT_KEPT_BY_THE_FORM,
    "reformat:form": NOT_KEPT_BY_THE_FORM,
    "truncate:number": SAVED_OTHERWISE,
    "truncate:reference": replace(SAVED_OTHERWISE, exit=1),  # nothing tells whose it is: the balance says so too
    "reformat:date": SAVED_OTHERWISE,
    "reformat:amount": SAVED_OTHERWISE,
    # harmless to a careful bot
    "double-submit": Ending(),
    "search-lag:1s": Ending(),
    # the system is away, for a while or for good
    "maintenance:1": FOUND_OR_DONE_AGAIN,
    "maintenance": NEVER_ANSWERS,
    # refused once, tried no more
    "wrong-password": Ending(
        state="pending",
        code="LOGIN_FAILED",
        tries=("LOGIN_FAILED",),
        vouchers=0,
        exit=40,
        holds=(("target", "ledger", "LOGIN_FAILED"),),
        logins=1,
    ),
}


def ending(folder: Path, fault: str) -> Ending:
    """Run the bot once under a fault."""
    with ledgers.office(folder, rows=[ROW], **SETTINGS) as office:
        office.ledger.faults(fault)
        ended = office.run()
        story = office.story()
        state, code = story["items"][ITEM]
        return Ending(
            state=state,
            code=code,
            tries=tuple(story["attempts"][ITEM]),
            question=story["questions"].get(ITEM),
            vouchers=len(office.vouchers()),
            exit=ended.code,
            holds=tuple(story["holds"]),
            logins=office.logins(),
        )


@pytest.fixture(scope="module")
def endings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Future[Ending]]]:
    """Every fault's ending, worked out two at a time."""
    folder = tmp_path_factory.mktemp("faults")
    with ThreadPoolExecutor(TOGETHER) as pool:
        jobs = {fault: pool.submit(ending, folder / fault.replace(":", "-"), fault) for fault in sorted(ENDINGS)}
        try:
            yield jobs
        finally:
            pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize("fault", sorted(ENDINGS))
def test_a_fault_ends_as_it_should(endings: dict[str, Future[Ending]], fault: str) -> None:
    """Nothing twice, nothing lost, nothing false, and every doubt with a person."""
    found, expected = endings[fault].result(), ENDINGS[fault]
    assert found == expected
    assert expected.logins is None or found.logins <= expected.logins


def test_every_fault_of_the_ledger_has_an_ending() -> None:
    """A fault that the simulator learns is given its ending here, in each of its variants."""
    told = [fault.split(":") for fault in ENDINGS]
    for name, kind in LEDGER_FAULTS.items():
        mine = [parts for parts in told if parts[0] == name]
        assert mine, name
        if name != "slow":  # a slow page is a slow save that comes earlier
            assert {v for v in kind.variants if v} <= {part for parts in mine for part in parts}, name
