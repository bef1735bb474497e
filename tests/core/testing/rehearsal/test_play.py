"""What a rehearsal decides where a person is asked."""

from datetime import UTC, datetime

import pytest

from core.model.reviews import Question, ReviewKind, ReviewState, ReviewTask, allowed
from core.testing.rehearsal.play import decision


def asked(kind: ReviewKind) -> ReviewTask:
    """A task of a kind."""
    question = Question(kind=kind, code="ASKED", reason="Because.")
    at = datetime(2026, 3, 2, tzinfo=UTC)
    return ReviewTask(
        id=1, item_id=1, bot="b", reference="r", state=ReviewState.OPEN, version=1, question=question, opened_at=at
    )


@pytest.mark.parametrize("kind", ReviewKind)
@pytest.mark.parametrize("begun", [False, True])
def test_every_question_gets_an_answer_that_is_allowed(kind: ReviewKind, *, begun: bool) -> None:
    """Cancelled where that is possible; once something was begun, it is said to have happened."""
    action, *_ = decision(asked(kind), begun=begun)
    assert action in allowed(kind, begun=begun)
    assert action == ("confirm" if begun or kind is ReviewKind.CHANGED else "cancel")
