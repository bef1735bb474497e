"""A message to people, and what takes one: a channel."""

from dataclasses import dataclass
from typing import NamedTuple, Protocol

from core.errors import ApplicationException
from core.model.notices import Severity


class Link(NamedTuple):
    """Where more is to be read."""

    title: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What is sent: plain text without secrets and without personal data."""

    subject: str  # one line
    body: str
    severity: Severity
    links: tuple[Link, ...] = ()

    def text(self) -> str:
        """Return the body with the links below it."""
        return "\n".join([self.body, *(f"{link.title}: {link.url}" for link in self.links)])


class NotDelivered(ApplicationException):
    """A channel did not take a message; the next one is tried, and the message again when there is none."""

    def __init__(self, why: str) -> None:
        super().__init__("NOT_DELIVERED", why)


class Channel(Protocol):
    """One way to people."""

    @property
    def name(self) -> str:
        """Its name in bots.toml."""

    @property
    def least(self) -> Severity:
        """What is less grave does not go this way."""

    def send(self, message: Message) -> None:
        """Hand the message over; raise NotDelivered when it was not taken."""
