"""A store at noon, and channels that keep what they are given."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pytest

from core.clock import FakeClock
from core.model.notices import Severity
from core.notify import Message, NotDelivered, Notifier
from core.store import Database
from core.testing.stage import NOON


@dataclass
class Box:
    """A channel of the tests' own."""

    name: str
    least: Severity = Severity.NOTE
    broken: bool = False
    got: list[Message] = field(default_factory=list)

    def send(self, message: Message) -> None:
        """Keep the message, or refuse it."""
        if self.broken:
            raise NotDelivered(f"{self.name} is broken, password=hush-hush")
        self.got.append(message)


@pytest.fixture
def clock() -> FakeClock:
    """A clock that stands at noon."""
    return FakeClock(NOON)


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, clock: FakeClock) -> Iterator[Database]:
    """An open, empty store."""
    url = "sqlite://" if request.param == "sqlite" else request.getfixturevalue("postgres").new_database()
    opened = Database.open(url, clock=clock.clock())
    yield opened
    opened.close()


def notifier(boxes: Sequence[Box], clock: FakeClock, *, least: Severity = Severity.NOTE) -> Notifier:
    """Return a notifier over channels that takes one secret out."""
    return Notifier(
        boxes, least=least, now=clock.clock().now, clean=lambda text: text.replace("hush-hush", "[redacted:secret]")
    )
