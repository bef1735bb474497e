"""Mail, through a real mail server."""

import ssl
from pathlib import Path
from typing import Any

import pytest

from core.model.notices import Severity
from core.notify import Link, Message, NotDelivered
from core.notify.mail import Mail, Security
from core.secrets import Secrets
from tests.receivers import PostOffice, certificate, post_office

MESSAGE = Message(
    subject="Harbour Office: a run did not start",
    body="It was due at 07:30.\n.\nNothing was lost.",
    severity=Severity.URGENT,
    links=(Link("Desk", "https://desk.example/"),),
)


def mail(office: PostOffice, *, trust: Path | None = None, **values: Any) -> Mail:
    """Return a channel to the post office."""
    security: Security = "none"
    secrets = Secrets(
        folders=(), environment={"UNDERSTUDY_SECRET_MAIL_USER": "bots", "UNDERSTUDY_SECRET_MAIL_PASSWORD": "hush-hush"}
    )
    asked: dict[str, Any] = {
        "name": "mail",
        "least": Severity.NOTE,
        "host": "localhost",
        "port": office.port,
        "security": security,
        "sender": "bots@harbour.example",
        "to": ("anna@harbour.example", "ben@harbour.example"),
        "user": None,
        "password": None,
        "secret": secrets.get,
        "trust": lambda: ssl.create_default_context(cafile=None if trust is None else str(trust)),
        "timeout": 5.0,
    }
    return Mail(**{**asked, **values})


def test_a_mail_arrives_whole_at_every_recipient() -> None:
    """Subject, text with a lone full stop, link and urgency arrive; it asks for no automatic answer."""
    with post_office() as office:
        mail(office).send(MESSAGE)
    (got,) = office.mails
    assert got["Subject"] == MESSAGE.subject
    assert got["X-Given-To"] == "anna@harbour.example,ben@harbour.example"
    assert got["Importance"] == "high"
    assert got["Auto-Submitted"] == "auto-generated"
    assert got.get_content().replace("\r\n", "\n") == MESSAGE.body + "\nDesk: https://desk.example/\n"


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_mail_is_encrypted_and_the_account_logged_in(tmp_path: Path, security: Security) -> None:
    """With a private authority that is trusted, both ways of encryption work, and the login goes through them."""
    pem = certificate(tmp_path)
    account = PostOffice(account=("bots", "hush-hush"))
    with post_office(account, **({"starttls": pem} if security == "starttls" else {"tls": pem})) as office:
        mail(office, trust=pem, security=security, user="mail_user", password="mail_password").send(MESSAGE)
    assert [mail["Subject"] for mail in office.mails] == [MESSAGE.subject]
    assert office.encrypted == [True]


def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    """Nothing is sent to a server whose certificate is not trusted."""
    with post_office(starttls=certificate(tmp_path)) as office:
        with pytest.raises(NotDelivered, match="certificate"):
            mail(office, security="starttls").send(MESSAGE)
        assert office.mails == []


def test_a_refused_login_says_so_without_the_password(tmp_path: Path) -> None:
    """The server's answer is told, the password never."""
    pem = certificate(tmp_path)
    with post_office(PostOffice(account=("bots", "other")), starttls=pem) as office:
        with pytest.raises(NotDelivered, match="535") as raised:
            mail(office, trust=pem, security="starttls", user="mail_user", password="mail_password").send(MESSAGE)
        assert "hush" not in raised.value.message


def test_one_bad_mailbox_does_not_keep_it_from_the_others() -> None:
    """The mail goes to whom the server takes; only when it takes nobody it is not delivered."""
    with post_office(PostOffice(refused={"anna@harbour.example"})) as office:
        mail(office).send(MESSAGE)
        assert [got["X-Given-To"] for got in office.mails] == ["ben@harbour.example"]
        office.refused.add("ben@harbour.example")
        with pytest.raises(NotDelivered, match="550 no such mailbox"):
            mail(office).send(MESSAGE)


def test_a_server_that_is_not_there_is_told() -> None:
    """A closed port is an answer, not a crash."""
    with post_office() as office:
        pass
    with pytest.raises(NotDelivered, match="does not do it"):
        mail(office).send(MESSAGE)


def test_a_missing_secret_is_told_as_a_failure_of_the_channel() -> None:
    """The next channel is tried when a password is nowhere."""
    with post_office() as office, pytest.raises(NotDelivered, match="'gone' was not found"):
        mail(office, user="mail_user", password="gone").send(MESSAGE)


def test_a_password_that_the_protocol_cannot_carry_is_a_failed_delivery(tmp_path: Path) -> None:
    """A pound sign in it: the next channel is tried, the watch does not end over it, and nothing of it is repeated."""
    pem = certificate(tmp_path)
    account = PostOffice(account=("bots", "hush-hush"))
    environment = {"UNDERSTUDY_SECRET_MAIL_USER": "bots", "UNDERSTUDY_SECRET_MAIL_PASSWORD": "hush\u00a3hush"}
    secrets = Secrets(folders=(), environment=environment)
    named = {"user": "mail_user", "password": "mail_password", "secret": secrets.get}
    with post_office(account, tls=pem) as office, pytest.raises(NotDelivered) as raised:
        mail(office, trust=pem, security="tls", **named).send(MESSAGE)
    assert "hush" not in raised.value.message
    assert "xa3" not in raised.value.message
