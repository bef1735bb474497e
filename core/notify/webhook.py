"""The channel by webhook: one JSON POST, in the shape that the receiver understands. Also calls a dead man's URL."""

import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any, Literal
from urllib.parse import urlsplit

from core.errors import ConfigError
from core.model.notices import Severity
from core.notify.message import Message, NotDelivered
from core.secrets import Secret

Format = Literal["plain", "slack", "teams"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Web:
    """Requests as this machine's environment wants them: through its proxies, trusting its authorities."""

    secret: Callable[[str], Secret]
    trust: Callable[[], ssl.SSLContext]
    timeout: float  # seconds

    def address(self, told: str) -> str:
        """Return the URL that is told, or that the secret of this name holds; raise NotDelivered when there is none."""
        try:
            url = told if "://" in told else self.secret(told).reveal().strip()
        except ConfigError as error:
            raise NotDelivered(error.message) from error
        if urlsplit(url).scheme not in ("http", "https"):
            raise NotDelivered(f"secret {told!r} holds no URL; expected one that begins with https://")
        return url

    def request(self, url: str, *, data: bytes | None = None, headers: Mapping[str, str] | None = None) -> None:
        """Get the URL, or post data to it; raise NotDelivered unless it answers with success.

        The URL is never repeated in what is raised: who knows it may send.
        """
        try:
            asked = urllib.request.Request(url, data=data, headers={"User-Agent": "understudy", **(headers or {})})
            opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=self.trust()), _NoRedirect)
            with opener.open(asked, timeout=self.timeout) as answer:
                answer.read(1)
        except urllib.error.HTTPError as error:
            error.close()
            raise NotDelivered(f"the receiver answers {error.code} {error.reason}") from None
        except urllib.error.URLError as error:
            raise NotDelivered(f"the receiver is not reached: {error.reason}") from None
        except (OSError, HTTPException) as error:
            raise NotDelivered(f"the receiver does not answer: {type(error).__name__}") from None
        except ValueError as error:  # its text holds what cannot be sent
            raise NotDelivered(f"its URL or its bearer cannot be sent: {type(error).__name__}") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """Posts each message to one URL."""

    name: str
    least: Severity
    url: str  # or the name of a secret that holds it
    bearer: str | None  # the name of a secret
    format: Format
    web: Web

    def send(self, message: Message) -> None:
        """Post the message; raise NotDelivered when it is not answered with success."""
        headers = {"Content-Type": "application/json"}
        if self.bearer is not None:
            try:
                headers["Authorization"] = f"Bearer {self.web.secret(self.bearer).reveal()}"
            except ConfigError as error:
                raise NotDelivered(error.message) from error
        data = json.dumps(shaped(message, self.format)).encode()
        self.web.request(self.web.address(self.url), data=data, headers=headers)


def shaped(message: Message, how: Format) -> dict[str, Any]:
    """Return the message as JSON data in the shape of its receiver."""
    match how:
        case "slack":
            return {"text": _escaped(f"*{message.subject}*\n{message.text()}")}
        case "teams":
            return _card(message)
        case "plain":
            links = [{"title": link.title, "url": link.url} for link in message.links]
            severity = str(message.severity)
            return {"subject": message.subject, "severity": severity, "body": message.body, "links": links}


def _escaped(text: str) -> str:
    """Slack reads these three as markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _card(message: Message) -> dict[str, Any]:
    """An adaptive card in the envelope that a Teams workflow ("when a webhook request is received") posts.

    Lines are blocks of their own: a card joins lines within one.
    """
    colour = {Severity.URGENT: "attention", Severity.WARNING: "warning", Severity.NOTE: "default"}[message.severity]
    head = {"type": "TextBlock", "text": message.subject, "weight": "bolder", "wrap": True, "color": colour}
    lines = [
        {"type": "TextBlock", "text": line, "wrap": True, "spacing": "none"}
        for line in message.body.splitlines()
        if line.strip()
    ]
    content = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [head, *lines],
        "actions": [{"type": "Action.OpenUrl", "title": link.title, "url": link.url} for link in message.links],
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": content}
    return {"type": "message", "attachments": [attachment]}


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirected POST would arrive as a GET without its message."""

    def redirect_request(self, *_: Any) -> None:
        """Follow nothing: the redirect is told as the answer that it is."""
        return
