"""Errors of systems: tried again, counted, and at last a hold that stops one bot and nothing else."""

from datetime import timedelta
from typing import Any

import pytest

from core.errors import (
    ApplicationException,
    BusinessException,
    ConfigError,
    FileUnreadable,
    LoginFailed,
    PortalChanged,
    PortalUnavailable,
    SessionLost,
)
from core.model.items import WorkItem
from core.model.runs import ExitCode
from core.runtime import Context
from core.store import holds
from core.testing import Stage
from tests.core.cast import Process, numbered, staged


def raising(*errors: BaseException | None) -> Process:
    """Return a process function that raises these in turn, then nothing; None: that attempt goes well."""
    left = list(errors)

    def process(item: WorkItem, ctx: Context[Any]) -> str:
        error = left.pop(0) if left else None
        if error is not None:
            raise error
        return "fine"

    return process


def held(stage: Stage) -> list[tuple[str, str, str]]:
    """Return the holds in force."""
    with stage.database.reading() as tx:
        return [(row.scope, row.name, row.code) for row in holds.all_active(tx)]


def down() -> PortalUnavailable:
    """Return the commonest trouble."""
    return PortalUnavailable("The ledger does not answer.")


def test_a_system_error_is_tried_again_with_a_longer_wait_each_time() -> None:
    """Two errors, then it goes well."""
    with staged(raising(down(), down()), items=numbered("7")) as stage:
        began = stage.clock.clock().now()
        report = stage.run()
        assert report.outcomes == {"retry": 2, "done": 1}
        assert stage.item("7").changed_at - began == timedelta(seconds=1 + 2)
        assert report.exit_code is ExitCode.GREEN


def test_the_tries_of_an_item_end() -> None:
    """After the allowed attempts it has failed, and the run is not green."""
    with staged(raising(*[down()] * 9), items=numbered("7"), attempts=3) as stage:
        report = stage.run()
        assert report.outcomes == {"retry": 2, "failed": 1}
        assert (stage.item("7").state, stage.item("7").code) == ("failed", "PORTAL_UNAVAILABLE")
        assert report.exit_code is ExitCode.FAILED


def test_a_business_exception_is_never_retried() -> None:
    """It waits for a person, with its code and fields."""
    error = BusinessException("NO_ORDER", "Order 5 was not found.", fields=["order"])
    with staged(raising(error, error), items=numbered("7")) as stage:
        assert stage.run().outcomes == {"review": 1}
        (task,) = stage.waiting()
        assert (task.question.code, task.question.fields) == ("NO_ORDER", ("order",))


def test_so_many_errors_in_a_row_hold_the_bot() -> None:
    """The rest of the queue is untouched, and the exit code says that the target is unavailable."""
    with staged(raising(*[down()] * 99), items=numbered(*"abcdefgh"), stop_after=3) as stage:
        report = stage.run()
        assert report.outcomes == {"retry": 3}
        assert held(stage) == [("bot", "clerk", "PORTAL_UNAVAILABLE")]
        assert report.exit_code is ExitCode.TARGET
        assert report.stopped is not None
        assert stage.item("d").attempts == 0
        assert stage.run().outcomes == {}


def test_errors_that_are_not_in_a_row_hold_nothing() -> None:
    """An attempt without an application exception begins the count again, whoever it sends the item to."""
    errors = [down(), down(), BusinessException("ODD", "Odd."), down(), down(), None]
    with staged(raising(*errors), items=numbered(*"abcdefg"), stop_after=3) as stage:
        stage.run()
        assert held(stage) == []


def test_a_released_bot_goes_on_with_a_fresh_count() -> None:
    """One more error after the release does not hold it again."""
    with staged(raising(*[down()] * 4), items=numbered(*"abcdef"), stop_after=3) as stage:
        stage.run()
        with stage.database.transaction(actor="person:anna") as tx:
            assert holds.release(tx, "bot", "clerk", by="person:anna")
        report = stage.run()
        assert report.states == {"done": 6}
        assert held(stage) == []


def test_a_hold_of_one_bot_stops_no_other() -> None:
    """Another bot in the same store works on."""
    with staged(raising(*[down()] * 99), items=numbered(*"abc"), stop_after=2) as stage:
        stage.run()
        stage.change(name="other", process=raising())
        assert stage.run().outcomes == {"done": 3}


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (PortalChanged("A label is gone."), "PORTAL_CHANGED"),
        (FileUnreadable("FILE_BUSY", "It is being read.", permanent=False), "FILE_BUSY"),
        (RuntimeError("a mistake of the bot"), "UNEXPECTED"),
        (ApplicationException("SLOW", "Slow."), "SLOW"),
    ],
)
def test_every_system_error_counts(error: Exception, expected: str) -> None:
    """Whatever it is, the item ends where a person can see it, under its code."""
    with staged(raising(*[error] * 9), items=numbered("7"), attempts=2) as stage:
        stage.run()
        assert (stage.item("7").state, stage.item("7").code) == ("failed", expected)


def test_a_file_that_can_never_be_read_goes_to_a_person() -> None:
    """The breaker does not count it."""
    errors = [FileUnreadable("FILE_ENCRYPTED", "It needs a password.", permanent=True)] * 3
    with staged(raising(*errors), items=numbered(*"abc"), stop_after=2) as stage:
        report = stage.run()
        assert report.outcomes == {"review": 3}
        assert {task.question.kind for task in stage.waiting()} == {"unreadable"}


def test_a_lost_session_is_repeated_once_at_once() -> None:
    """The attempt goes on after a new login, and no try is used up; lost twice it is a system error."""
    with staged(raising(SessionLost("gone")), items=numbered("7"), attempts=1) as stage:
        assert stage.run().outcomes == {"done": 1}
    with staged(raising(SessionLost("gone"), SessionLost("gone")), items=numbered("7"), attempts=2) as stage:
        assert stage.run().outcomes == {"retry": 1, "done": 1}


def test_a_login_refused_outside_a_turn_holds_the_bot() -> None:
    """A target that does not take turns locks no account: the first refusal is the last attempt."""
    with staged(raising(*[LoginFailed("Wrong password.", code="LOCKED")] * 9), items=numbered(*"abc")) as stage:
        report = stage.run()
        assert report.outcomes == {"retry": 1}
        assert report.exit_code is ExitCode.CREDENTIALS
        assert held(stage) == [("bot", "clerk", "LOGIN_FAILED")]
        assert stage.item("a").state == "pending"
        assert stage.run().outcomes == {}


def test_a_mistake_in_the_configuration_stops_the_run_and_fails_no_item() -> None:
    """No other item could fare better; the next run begins where this one stopped."""
    with staged(raising(ConfigError(["targets.book.secrets does not name a secret"])), items=numbered(*"abc")) as stage:
        report = stage.run()
        assert (report.outcomes, report.exit_code) == ({"retry": 1}, ExitCode.CONFIGURATION)
        assert stage.run().states == {"done": 3}


def test_text_that_no_database_takes_ends_the_attempt_all_the_same() -> None:
    """A message with half a character or a NUL, as found in documents, is stored with replacements."""
    with staged(raising(ApplicationException("ODD", "half \udcff and \0")), items=numbered("7"), attempts=1) as stage:
        stage.run()
        assert stage.item("7").state == "failed"


def test_a_person_reads_such_text_too() -> None:
    """The question is stored."""
    with staged(raising(BusinessException("ODD", "half \udcff and \0")), items=numbered("7")) as stage:
        stage.run()
        assert stage.item("7").state == "in_review"
