"""[alerts] in bots.toml: a channel has the keys of its kind, and a way to people."""

from datetime import timedelta
from pathlib import Path

import pytest

from core.config import AlertsTable
from core.config.values import parse_size, parse_wait
from core.model.notices import Severity
from tests.core.config.test_reading import problems, read

MAIL = """
[alerts]
to = ["operators@harbour.example"]
[alerts.channels.mail]
kind = "smtp"
host = "mail.harbour.example"
sender = "bots@harbour.example"
"""


def test_without_the_table_everything_has_its_default(tmp_path: Path) -> None:
    """An installation that says nothing is watched all the same."""
    alerts = read(tmp_path, "").file.alerts
    assert alerts == AlertsTable()
    assert (str(alerts.case_waits), alerts.case_waits.workdays) == ("2 workdays", 2)
    assert (str(alerts.disk_free), alerts.disk_free.number) == ("2GB", 2_000_000_000)


def test_channels_keep_the_order_of_the_file(tmp_path: Path) -> None:
    """The first that takes a message has it, so their order counts."""
    more = '[alerts.channels.chat]\nkind = "webhook"\nurl = "chat_url"\nseverity = "urgent"\n'
    alerts = read(tmp_path, MAIL + more + '[alerts.channels.another]\nkind = "apprise"\nurls = ["pager"]\n').file.alerts
    assert list(alerts.channels) == ["mail", "chat", "another"]
    assert alerts.channels["chat"].severity is Severity.URGENT


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ('url = "https://chat.example/"', "alerts.channels.mail.url: a channel of kind 'smtp' has no such key"),
        ('user = "mail_user"', "alerts.channels.mail: `user` and `password` name the two secrets of one login"),
        ('user = "u"\npassword = "p"\nsecurity = "none"', "alerts.channels.mail.security is 'none'"),
        ('security = "ssl"', "'alerts.channels.mail.security' is 'ssl'"),
        ('hots = "x"', "unknown key 'alerts.channels.mail.hots'; allowed here: bearer, format, host"),
        ('[alerts.channels.chat]\nkind = "webhook"', "alerts.channels.chat: 'url' is missing"),
        ('[alerts.channels.chat]\nkind = "webhook"\nurl = "file:///etc/passwd"', "alerts.channels.chat.url is no URL"),
        ('[alerts.channels.pager]\nkind = "apprise"', "alerts.channels.pager: 'urls' is missing"),
    ],
)
def test_a_channel_that_cannot_work_is_refused(tmp_path: Path, line: str, word: str) -> None:
    """The sentence names the channel and what it needs."""
    (found,) = problems(tmp_path, MAIL + line)
    assert word in found


def test_mail_to_nobody_is_refused(tmp_path: Path) -> None:
    """Neither the channel nor [alerts] says who gets it."""
    (found,) = problems(tmp_path, MAIL.replace('to = ["operators@harbour.example"]', ""))
    assert "nobody to send to" in found


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ('case_waits = "2 weeks"', "expected workdays"),
        ('case_waits = "0 workdays"', "expected workdays"),
        ('disk_free = "2 gigs"', 'a size is written as a number and a unit: "500MB"'),
        ('dead_man = "ftp://x/"', "alerts.dead_man is 'ftp://x/'; expected a URL that begins with https://"),
        ('look = "0s"', "must be longer than nothing"),
        ('unusual = "very"', "'alerts.unusual' is 'very'"),
    ],
)
def test_a_value_that_means_nothing_is_refused(tmp_path: Path, line: str, word: str) -> None:
    """With what is allowed."""
    (found,) = problems(tmp_path, f"[alerts]\n{line}\n")
    assert word in found


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (MAIL.replace('kind = "smtp"', 'kind = "mail"'), "'alerts.channels.mail.kind' is 'mail': expected 'smtp'"),
        (MAIL.replace('kind = "smtp"', ""), "'alerts.channels.mail.kind' is missing"),
        (MAIL.replace('to = ["operators@harbour.example"]', 'to = "a@b.example"'), "'alerts.to' is 'a@b.example'"),
        (
            MAIL.replace('host = "mail.harbour.example"', "host = 3"),
            "'alerts.channels.mail.host' is 3: expected a text",
        ),
    ],
)
def test_a_wrong_value_is_told_once(tmp_path: Path, text: str, word: str) -> None:
    """What is missing because its value was refused, or its table cannot be without it, is no second problem."""
    (found,) = problems(tmp_path, text)
    assert word in found


def test_waits_and_sizes_are_read_as_they_are_written() -> None:
    """Workdays or a length of time; megabytes to terabytes."""
    assert parse_wait("1 workday").workdays == 1
    assert parse_wait("36h").length == timedelta(hours=36)
    assert [parse_size(text).number for text in ("500MB", "1.5GB", "1 TB")] == [5 * 10**8, 15 * 10**8, 10**12]


def test_the_secrets_that_messages_need_are_known(tmp_path: Path) -> None:
    """So that `understudy check` can look whether each is there; a URL in the file is no secret's name."""
    alerts = read(
        tmp_path,
        MAIL
        + """
user = "mail_user"
password = "mail_password"
[alerts.channels.chat]
kind = "webhook"
url = "https://chat.example/hook"
bearer = "chat_token"
[alerts.channels.other]
kind = "webhook"
url = "chat_url"
[alerts.channels.pager]
kind = "apprise"
urls = ["pager", "second_pager"]
""",
    ).file.alerts
    expected = {"mail_user", "mail_password", "chat_token", "chat_url", "pager", "second_pager"}
    assert alerts.secrets() == expected
    assert AlertsTable(dead_man="dead_man_url").secrets() == {"dead_man_url"}
    assert AlertsTable(dead_man="https://ping.example/1").secrets() == set()
