"""The channels of an installation, in order: a message goes by the first that takes it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from loguru import logger

from core.model.notices import Delivery, Severity
from core.notify.message import Channel, Message, NotDelivered

LOG = "log"  # the channel of an installation that names none


class Notifier:
    """Sends messages; every secret that was read is taken out of them, and data that names a person."""

    def __init__(
        self, channels: Sequence[Channel], *, least: Severity, now: Callable[[], datetime], clean: Callable[[str], str]
    ) -> None:
        """`least`: what is less grave is not sent at all. Without channels, messages go to the engineers' log."""
        self.channels = tuple(channels) or (Log(),)
        order = list(Severity)
        taken = min((channel.least for channel in self.channels), key=order.index)
        self.least = max(least, taken, key=order.index)  # what no channel would take is never to be told
        self._now = now
        self._clean = clean

    def send(self, message: Message) -> tuple[Delivery, ...]:
        """Send a message by the first channel that takes it; return every try, the last of them taken or none."""
        tries: list[Delivery] = []
        for channel in self.channels:
            if message.severity.reaches(channel.least):
                tries.append(self.send_by(channel, message))
                if tries[-1].taken:
                    break
        return tuple(tries)

    def send_by(self, channel: Channel, message: Message) -> Delivery:
        """Send a message by one channel, whatever became of the others."""
        error = None
        try:
            channel.send(self._cleaned(message))
        except NotDelivered as raised:
            error = self._clean(raised.message)
            logger.warning("Channel {} did not take a message: {}", channel.name, error)
        except Exception as raised:  # noqa: BLE001 - a channel that breaks must not keep the next from being tried
            error = f"it broke: {type(raised).__name__}"  # never the text: it may hold a secret
            logger.error("Channel {} broke: {}", channel.name, type(raised).__name__)
        return Delivery(channel=channel.name, at=self._now(), error=error)

    def _cleaned(self, message: Message) -> Message:
        subject = " ".join(self._clean(message.subject).split())
        return replace(message, subject=subject, body=self._clean(message.body))


@dataclass(frozen=True, slots=True)
class Log:
    """What an installation without channels has: the engineers' log, which takes everything and wakes nobody."""

    name: str = LOG
    least: Severity = Severity.NOTE

    def send(self, message: Message) -> None:
        """Write the message down."""
        logger.error("{}\n{}", message.subject, message.text())
