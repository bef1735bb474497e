"""Apprise, through a real web server."""

from collections.abc import Mapping

import pytest

from core.model.notices import Severity
from core.notify import Message, NotDelivered
from core.notify.relay import Relay
from core.secrets import Secrets
from tests.receivers import site

pytest.importorskip("apprise")
pytestmark = pytest.mark.filterwarnings("ignore:.*imghdr:DeprecationWarning")  # its own, on Python 3.11
MESSAGE = Message(subject="A run did not start", body="It was due at 07:30.", severity=Severity.URGENT)


def relay(urls: Mapping[str, str]) -> Relay:
    """Return a channel to services."""
    secrets = Secrets(folders=(), environment={f"UNDERSTUDY_SECRET_{n.upper()}": url for n, url in urls.items()})
    return Relay(name="pager", least=Severity.NOTE, urls=tuple(urls), secret=secrets.get, timeout=5.0)


def test_a_service_gets_the_message() -> None:
    """Title, text and how grave it is arrive."""
    with site() as told:
        relay({"pager": told.url.replace("http", "json", 1)}).send(MESSAGE)
    (asked,) = told.asked
    assert (asked.json["title"], asked.json["message"], asked.json["type"]) == (
        "A run did not start",
        "It was due at 07:30.",
        "failure",
    )


def test_a_service_that_fails_is_told_without_its_address() -> None:
    """The secret is named, what it holds is not."""
    with site() as told:
        told.answer = 500
        with pytest.raises(NotDelivered, match="of pager did not take it") as raised:
            relay({"pager": told.url.replace("http", "json", 1)}).send(MESSAGE)
    assert "127" not in raised.value.message


def test_what_is_no_service_is_told() -> None:
    """A secret that holds something else, or is missing, is a failure of the channel."""
    with pytest.raises(NotDelivered, match="'pager' holds no URL that apprise knows"):
        relay({"pager": "nonsense"}).send(MESSAGE)
    with pytest.raises(NotDelivered, match="was not found"):
        relay({"pager": ""}).send(MESSAGE)
