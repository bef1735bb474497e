"""The channels that bots.toml names, in its order."""

import ssl
from collections.abc import Callable
from pathlib import Path
from typing import assert_never

from core.config import AlertsTable, ChannelTable
from core.notify.mail import Mail
from core.notify.message import Channel
from core.notify.relay import Relay
from core.notify.webhook import Web, Webhook
from core.secrets import Secret

Ask = Callable[[str], Secret]


def channels_of(alerts: AlertsTable, *, folder: Path, secret: Ask) -> tuple[Channel, ...]:
    """Return the channels; nothing is opened and no secret is read before a message is sent."""
    return tuple(_channel(name, table, alerts, folder, secret) for name, table in alerts.channels.items())


def web_of(alerts: AlertsTable, *, folder: Path, secret: Ask, timeout: float) -> Web:
    """Return the way to web servers, trusting the authorities that bots.toml names."""
    return Web(secret=secret, trust=_trust(alerts, folder), timeout=timeout)


def _channel(name: str, table: ChannelTable, alerts: AlertsTable, folder: Path, secret: Ask) -> Channel:
    timeout = table.timeout.total_seconds()
    match table.kind:
        case "smtp":
            return Mail(
                name=name,
                least=table.severity,
                host=table.host or "",
                port=table.port,
                security=table.security,
                sender=table.sender or "",
                to=table.to or alerts.to,
                user=table.user,
                password=table.password,
                secret=secret,
                trust=_trust(alerts, folder),
                timeout=timeout,
            )
        case "webhook":
            return Webhook(
                name=name,
                least=table.severity,
                url=table.url or "",
                bearer=table.bearer,
                format=table.format,
                web=web_of(alerts, folder=folder, secret=secret, timeout=timeout),
            )
        case "apprise":
            return Relay(name=name, least=table.severity, urls=table.urls, secret=secret, timeout=timeout)
        case other:
            assert_never(other)


def _trust(alerts: AlertsTable, folder: Path) -> Callable[[], ssl.SSLContext]:
    """The machine's own authorities (SSL_CERT_FILE among them), and the file that bots.toml names."""

    def context() -> ssl.SSLContext:
        made = ssl.create_default_context()
        if alerts.ca is not None:
            made.load_verify_locations(folder / alerts.ca)
        return made

    return context
