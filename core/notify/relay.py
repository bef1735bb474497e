"""The channel by apprise, which knows a hundred services; the extra `alerts` brings it."""

from collections.abc import Callable
from dataclasses import dataclass

from core.errors import ConfigError
from core.model.notices import Severity
from core.notify.message import Message, NotDelivered
from core.secrets import Secret

_TYPES = {Severity.NOTE: "info", Severity.WARNING: "warning", Severity.URGENT: "failure"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Relay:
    """Sends each message to all its services, each named by an apprise URL."""

    name: str
    least: Severity
    urls: tuple[str, ...]  # names of secrets: such a URL holds a password
    secret: Callable[[str], Secret]
    timeout: float  # seconds

    def send(self, message: Message) -> None:
        """Hand the message to every service; raise NotDelivered when one does not take it."""
        try:
            import apprise
        except ImportError as error:
            raise NotDelivered("apprise is not installed here: pip install 'understudy[alerts]'") from error
        services = apprise.Apprise()
        for name in self.urls:
            try:
                known = services.add(self.secret(name).reveal().strip())
            except ConfigError as error:
                raise NotDelivered(error.message) from error
            if not known:
                raise NotDelivered(f"secret {name!r} holds no URL that apprise knows")
        taken = services.notify(
            body=message.text(),
            title=message.subject,
            notify_type=_TYPES[message.severity],
            body_format="text",
            timeout=self.timeout,
        )
        if not taken:
            raise NotDelivered(f"a service of {', '.join(self.urls)} did not take it")
