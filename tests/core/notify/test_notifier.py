"""A message goes by the first channel that takes it."""

import pytest

from core.clock import FakeClock
from core.model.notices import Severity
from core.notify import Message
from tests.core.notify.conftest import Box, notifier

MESSAGE = Message(subject="A run\nfailed", body="hush-hush was typed", severity=Severity.WARNING)


def test_the_first_channel_that_takes_it_has_it_alone(clock: FakeClock) -> None:
    """What fails is passed over and noted with its reason, without the secret; who comes later is not asked."""
    boxes = [Box("mail", broken=True), Box("chat"), Box("pager")]
    tries = notifier(boxes, clock).send(MESSAGE)
    assert [(one.channel, one.taken) for one in tries] == [("mail", False), ("chat", True)]
    assert tries[0].error == "mail is broken, password=[redacted:secret]"
    (got,) = boxes[1].got
    assert (got.subject, got.body) == ("A run failed", "[redacted:secret] was typed")
    assert boxes[2].got == []


def test_a_channel_for_grave_things_is_not_asked_for_others(clock: FakeClock) -> None:
    """A pager that takes what is urgent is passed over by a warning, and that is no failure."""
    boxes = [Box("pager", least=Severity.URGENT), Box("mail")]
    tries = notifier(boxes, clock).send(MESSAGE)
    assert [one.channel for one in tries] == ["mail"]


@pytest.mark.parametrize(
    ("least", "boxes", "expected"),
    [
        (Severity.NOTE, [Severity.URGENT, Severity.WARNING], Severity.WARNING),
        (Severity.URGENT, [Severity.NOTE], Severity.URGENT),
    ],
)
def test_what_no_channel_takes_is_never_to_be_told(
    clock: FakeClock, least: Severity, boxes: list[Severity], expected: Severity
) -> None:
    """The least grave thing that is told is one that some channel takes and the installation wants told."""
    assert notifier([Box("one", least=box) for box in boxes], clock, least=least).least is expected


def test_without_channels_the_log_takes_it(clock: FakeClock) -> None:
    """An installation that names no channel has its alerts in the engineers' log, and nothing waits for ever."""
    (only,) = notifier([], clock).send(MESSAGE)
    assert (only.channel, only.taken) == ("log", True)


def test_a_channel_that_breaks_is_passed_over_too(clock: FakeClock) -> None:
    """It fails in a way nobody provided for: the next has the message, and what broke is not repeated."""

    class Broken(Box):
        def send(self, message: Message) -> None:
            raise RuntimeError("let-me-in")

    tries = notifier([Broken("chat"), Box("mail")], clock).send(MESSAGE)
    assert [(one.channel, one.error) for one in tries] == [("chat", "it broke: RuntimeError"), ("mail", None)]
