"""Webhooks, through a real web server."""

import ssl
from dataclasses import replace
from pathlib import Path

import pytest

from core.model.notices import Severity
from core.notify import Link, Message, NotDelivered
from core.notify.webhook import Format, Web, Webhook, shaped
from core.secrets import Secrets
from tests.receivers import certificate, site

MESSAGE = Message(
    subject="Harbour Office: a <target> is held",
    body="ledger: LOGIN_FAILED\n\nType:\n    understudy release target ledger",
    severity=Severity.URGENT,
    links=(Link("Desk", "https://desk.example/"),),
)


def webhook(url: str, *, trust: Path | None = None, bearer: str | None = None, how: Format = "plain") -> Webhook:
    """Return a channel to the site."""
    secrets = Secrets(
        folders=(),
        environment={
            "UNDERSTUDY_SECRET_HOOK": url,
            "UNDERSTUDY_SECRET_PASS": "let-me-in",
            "UNDERSTUDY_SECRET_BAD": "/etc",
        },
    )
    web = Web(
        secret=secrets.get,
        trust=lambda: ssl.create_default_context(cafile=None if trust is None else str(trust)),
        timeout=5.0,
    )
    return Webhook(name="chat", least=Severity.NOTE, url=url, bearer=bearer, format=how, web=web)


def test_a_message_is_posted_as_json_with_its_bearer() -> None:
    """The URL and the bearer may be secrets; the receiver gets the message as JSON."""
    with site() as told:
        given = webhook(told.url, bearer="pass")
        given.send(MESSAGE)
        replace(given, url="hook").send(MESSAGE)
    assert [asked.json for asked in told.asked] == [shaped(MESSAGE, "plain")] * 2
    assert {asked.method for asked in told.asked} == {"POST"}
    assert {asked.headers["Authorization"] for asked in told.asked} == {"Bearer let-me-in"}
    assert told.asked[0].json["severity"] == "urgent"


def test_slack_gets_text_in_which_nothing_is_markup() -> None:
    """What looks like a link or a mention is shown as it is."""
    assert shaped(MESSAGE, "slack") == {
        "text": "*Harbour Office: a &lt;target&gt; is held*\nledger: LOGIN_FAILED\n\nType:\n"
        "    understudy release target ledger\nDesk: https://desk.example/"
    }


def test_teams_gets_an_adaptive_card_with_a_block_for_each_line() -> None:
    """The card has the subject, every line, and the link as a button."""
    (attachment,) = shaped(MESSAGE, "teams")["attachments"]
    card = attachment["content"]
    assert [block["text"] for block in card["body"]] == [
        MESSAGE.subject,
        "ledger: LOGIN_FAILED",
        "Type:",
        "    understudy release target ledger",
    ]
    assert card["actions"] == [{"type": "Action.OpenUrl", "title": "Desk", "url": "https://desk.example/"}]


@pytest.mark.parametrize("code", [302, 400, 500])
def test_anything_but_success_is_not_delivered(code: int) -> None:
    """Also a redirect, which would lose the message; the address is not repeated."""
    with site() as told:
        told.answer, told.location = code, "http://127.0.0.1:1/" if code == 302 else None
        with pytest.raises(NotDelivered, match=str(code)) as raised:
            webhook(told.url).send(MESSAGE)
        assert "/hook" not in raised.value.message
    assert len(told.asked) == 1


def test_a_private_authority_is_honoured(tmp_path: Path) -> None:
    """With the authority's file it is sent, without it nothing is."""
    pem = certificate(tmp_path)
    with site(tls=pem) as told:
        webhook(told.url, trust=pem).send(MESSAGE)
        with pytest.raises(NotDelivered, match="certificate"):
            webhook(told.url).send(MESSAGE)
    assert len(told.asked) == 1


def test_a_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host that only the proxy knows is reached through it."""
    with site() as proxy:
        monkeypatch.setenv("http_proxy", proxy.url.removesuffix("/hook"))
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        webhook("http://chat.invalid/services/1").send(MESSAGE)
    assert [asked.path for asked in proxy.asked] == ["http://chat.invalid/services/1"]


def test_who_is_not_there_is_told() -> None:
    """A closed port is an answer, not a crash."""
    with site() as told:
        pass
    with pytest.raises(NotDelivered, match="not reached"):
        webhook(told.url).send(MESSAGE)


@pytest.mark.parametrize(("url", "word"), [("gone", "'gone' was not found"), ("bad", "holds no URL")])
def test_an_address_that_is_none_is_told(url: str, word: str) -> None:
    """A secret that is missing or holds something else is a failure of the channel; a file is never read."""
    with pytest.raises(NotDelivered, match=word):
        webhook(url).send(MESSAGE)


def test_a_file_of_authorities_that_is_gone_is_a_failed_delivery(tmp_path: Path) -> None:
    """The next channel is tried; the watch does not end over it."""
    with site() as told, pytest.raises(NotDelivered, match="FileNotFoundError"):
        webhook(told.url, trust=tmp_path / "gone.pem").send(MESSAGE)
    assert told.asked == []


def test_a_bearer_that_no_header_can_hold_is_a_failed_delivery() -> None:
    """The reason does not repeat the secret."""
    secrets = Secrets(folders=(), environment={"UNDERSTUDY_SECRET_PASS": "let-me\nin"})
    with site() as told:
        given = webhook(told.url, bearer="pass")
        given = replace(given, web=replace(given.web, secret=secrets.get))
        with pytest.raises(NotDelivered) as raised:
            given.send(MESSAGE)
    assert "let-me" not in raised.value.message
