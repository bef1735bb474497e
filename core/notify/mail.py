"""The channel by mail: SMTP with the standard library, encrypted unless that is switched off."""

import smtplib
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Literal

from loguru import logger

from core.errors import ConfigError
from core.model.notices import Severity
from core.notify.message import Message, NotDelivered
from core.secrets import Secret

Security = Literal["starttls", "tls", "none"]
PORTS: dict[Security, int] = {"starttls": 587, "tls": 465, "none": 25}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """Sends each message to all its recipients through one server."""

    name: str
    least: Severity
    host: str
    port: int | None  # absent: the usual one for its security
    security: Security
    sender: str
    to: tuple[str, ...]
    user: str | None  # the name of a secret; absent: no login
    password: str | None
    secret: Callable[[str], Secret]
    trust: Callable[[], ssl.SSLContext]
    timeout: float  # seconds for each answer of the server

    def send(self, message: Message) -> None:
        """Hand the message to the server; raise NotDelivered when it takes it for nobody."""
        try:
            with self._connected() as server:
                refused = server.send_message(self._mail(message), self.sender, list(self.to))
        except smtplib.SMTPRecipientsRefused as error:
            raise NotDelivered(f"the mail server refuses every recipient: {_answers(error.recipients)}") from error
        except smtplib.SMTPResponseException as error:
            raise NotDelivered(f"the mail server answers {error.smtp_code} {_text(error.smtp_error)}") from error
        except (smtplib.SMTPException, OSError) as error:
            raise NotDelivered(f"the mail server at {self.host} does not do it: {_why(error)}") from error
        except ConfigError as error:
            raise NotDelivered(error.message) from error
        except ValueError as error:  # its text holds the character
            why = "a name, an address or the password holds a character that mail cannot carry"
            raise NotDelivered(f"the mail cannot be sent: {why} ({type(error).__name__})") from None
        if refused:  # the others have it
            logger.warning("Channel {}: refused for {} of {} recipients", self.name, len(refused), len(self.to))

    def _connected(self) -> smtplib.SMTP:
        port = self.port or PORTS[self.security]
        ours = socket.gethostname()
        if self.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                self.host, port, local_hostname=ours, timeout=self.timeout, context=self.trust()
            )
        else:
            server = smtplib.SMTP(self.host, port, local_hostname=ours, timeout=self.timeout)
        try:
            if self.security == "starttls":
                server.starttls(context=self.trust())
            if self.user is not None and self.password is not None:
                server.login(self.secret(self.user).reveal(), self.secret(self.password).reveal())
        except BaseException:
            server.close()
            raise
        return server

    def _mail(self, message: Message) -> EmailMessage:
        mail = EmailMessage()
        mail["Subject"] = message.subject
        mail["From"] = self.sender
        mail["To"] = ", ".join(self.to)
        mail["Date"] = formatdate()
        mail["Message-ID"] = make_msgid(domain=self.sender.rpartition("@")[2] or None)
        mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers
        if message.severity is Severity.URGENT:
            mail["Importance"] = "high"
        mail.set_content(message.text() + "\n")
        return mail


def _answers(recipients: dict[str, tuple[int, bytes]]) -> str:
    code, text = next(iter(recipients.values()))
    return f"{code} {_text(text)}"


def _text(answer: bytes | str) -> str:
    text = answer.decode("utf-8", errors="replace") if isinstance(answer, bytes) else answer
    return " ".join(text.split())[:200]


def _why(error: Exception) -> str:
    return str(error)[:200] or type(error).__name__
