"""What operators are told of: every alert with its meaning, and a notice, which is one alert about one thing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Self


class Severity(StrEnum):
    """How soon somebody should look."""

    NOTE = "note"  # when there is time
    WARNING = "warning"  # on the same working day
    URGENT = "urgent"  # now, also at night

    def reaches(self, least: "Severity") -> bool:
        """Tell whether this is at least as grave as `least`."""
        order = list(Severity)
        return order.index(self) >= order.index(least)


class Alert(StrEnum):
    """The closed list of alerts. Each has an entry in docs/runbook.md; a test holds it.

    In what is to be typed, BOT, TARGET, SCHEDULE and NUMBER stand for what the notice is about.
    """

    severity: Severity
    headline: str  # what happened, in a few words
    means: str
    safe: str  # what may be relied on, and what must not be done
    typed: tuple[str, ...]  # commands, in order

    def __new__(cls, code: str, severity: Severity, headline: str, means: str, safe: str, *typed: str) -> Self:
        """Make a member that is its code and carries what operators are told."""
        member = str.__new__(cls, code)
        member._value_ = code
        member.severity, member.headline, member.means, member.safe = severity, headline, means, safe
        member.typed = typed
        return member

    RUN_NOT_STARTED = (
        "RUN_NOT_STARTED",
        Severity.URGENT,
        "a run did not start",
        "It was due, and after the grace no process works at it: the scheduler stands still, the machine has no room "
        "for another process, or the run before it has not ended.",
        "Nothing was lost: what the run would collect still lies at its source. A run started by hand does nothing "
        "twice, also when the scheduler starts its own a moment later.",
        "understudy status",
        "understudy schedule history BOT",
        "understudy run BOT",
    )
    RUN_OVERDUE = (
        "RUN_OVERDUE",
        Severity.URGENT,
        "a run did not report by its deadline",
        "It has begun or waits, and its deadline has passed: there is more to do than usual, a system is slow, or it "
        "hangs.",
        "What it has entered stays entered. It may go on. When it must be stopped, SIGTERM lets it finish the item at "
        "hand; killing it is safe too, and the next run goes on where it was.",
        "understudy status",
        "understudy queue BOT",
    )
    RUN_MISSED = (
        "RUN_MISSED",
        Severity.URGENT,
        "a run was missed and is not made up for",
        "Nobody was there when it was due, and its catch-up rule, or the hours of its target, forbid to start it late.",
        "Nothing was lost: the next run takes what this one would have taken. Where the day itself matters, start one "
        "by hand now; nothing is done twice.",
        "understudy schedule history BOT",
        "understudy run BOT",
    )
    RUN_FAILED = (
        "RUN_FAILED",
        Severity.URGENT,
        "the last run of a bot failed",
        "Items were given up after the allowed tries, or the bot itself failed before its queue was empty.",
        "Everything proven stays. Running again repeats nothing that is proven; failed items wait until they are sent "
        "back.",
        "understudy status",
        "understudy retry BOT",
        "understudy run BOT",
    )
    RUN_UNBALANCED = (
        "RUN_UNBALANCED",
        Severity.URGENT,
        "the last run of a bot does not balance",
        "Two numbers that are counted in different places differ: documents and items, items and states, or our "
        "receipts and the list of the target.",
        "Do not enter anything by hand before the difference is explained: it may have happened. Running again is "
        "safe, and draws the balance anew.",
        "understudy status",
        "understudy run BOT",
    )
    TARGET_UNAVAILABLE = (
        "TARGET_UNAVAILABLE",
        Severity.WARNING,
        "a run ended because its target was not available",
        "The system did not answer, or showed an error or a maintenance page, for as long as the run tried.",
        "The items wait and nothing is lost. What was begun is looked for before anything is done again.",
        "understudy check",
        "understudy run BOT",
    )
    LOGIN_REFUSED = (
        "LOGIN_REFUSED",
        Severity.URGENT,
        "a run ended because credentials are missing or refused",
        "A password has expired or was changed, or a secret is not where this machine looks for it.",
        "Nobody tries again by itself, so that the account is not locked. Correct the secret first; only then release.",
        "understudy check",
        "understudy status",
        "understudy release target TARGET",
    )
    RUN_NOT_POSSIBLE = (
        "RUN_NOT_POSSIBLE",
        Severity.URGENT,
        "a run ended because something here must be mended",
        "bots.toml, a bot or this machine is not as it must be: every problem is told by the check.",
        "Nothing was begun. The other bots are not touched by it.",
        "understudy check",
        "understudy run BOT",
    )
    COUNT_UNUSUAL = (
        "COUNT_UNUSUAL",
        Severity.WARNING,
        "a bot found an unusual number of cases for the day of the week",
        "None or very few where there are always some, or many more than usual: a mailbox, a folder or an export may "
        "have moved, or one was sent twice.",
        "The run itself is in order. Look at the source, and ask whoever sends.",
        "understudy status",
    )
    CASES_WAIT = (
        "CASES_WAIT",
        Severity.WARNING,
        "a case waits too long for a person",
        "Somebody must decide, and has not for longer than agreed.",
        "A case that waits holds nothing up but itself. Never decide a case only to make this go away.",
        "understudy review list",
    )
    DOUBT_WAITS = (
        "DOUBT_WAITS",
        Severity.URGENT,
        "nobody knows whether a change in a target happened",
        "A change was begun, the answer was lost, and it has not been settled since: the bot looks for it when it runs "
        "again, or a person is asked.",
        "Do not enter it by hand: look in the target first. The bot never does it again without having looked.",
        "understudy review list",
        "understudy run BOT",
    )
    TRAIL_BROKEN = (
        "TRAIL_BROKEN",
        Severity.URGENT,
        "the trail does not verify",
        "Rows of the record are not what was sealed: the database was changed, or is an older copy; or nobody seals.",
        "Change nothing in the database, and keep a copy of it as it is. Bots may go on: what they do from now on is "
        "recorded.",
        "understudy trail verify",
    )
    DISK_LOW = (
        "DISK_LOW",
        Severity.URGENT,
        "a disk is nearly full",
        "When it is full, nothing can be recorded, and so nothing is done any more.",
        "A full disk loses nothing: bots stop before they act. Remove old logs and what is not Understudy's; never "
        "anything in var/ but var/logs.",
        "understudy check",
    )
    ON_HOLD = (
        "ON_HOLD",
        Severity.URGENT,
        "a bot or a target is held",
        "Nothing more is begun on it, on no worker, until a person releases it: a login was refused, or too many "
        "errors came in a row.",
        "What waits, waits. Mend the cause before the release, or it comes back.",
        "understudy status",
        "understudy check",
        "understudy release SCOPE NAME",
    )
    SCHEDULER_SILENT = (
        "SCHEDULER_SILENT",
        Severity.URGENT,
        "no scheduler gives a sign",
        "Nobody starts the bots any more. What was due meanwhile is made up for by the rules of each schedule once a "
        "scheduler runs again.",
        "Start it on one machine or on several: no due time is run twice.",
        "understudy scheduler",
        "understudy schedule history",
    )
    ITEMS_WAIT = (
        "ITEMS_WAIT",
        Severity.WARNING,
        "items are ready and nobody takes them",
        "No worker runs for this bot, or all of them stand still.",
        "The items wait and nothing is lost. Any number of workers may be started.",
        "understudy queue BOT",
        "understudy worker --bots BOT",
    )
    CALENDAR_ENDS = (
        "CALENDAR_ENDS",
        Severity.WARNING,
        "the known public holidays run out",
        "For days beyond the last known year only weekends and the days of bots.toml are free, so bots would run on "
        "public holidays.",
        "There is time. A newer version knows more years; or write the days into the calendar's file of overrides.",
        "understudy check",
    )
    DELIVERY_FAILS = (
        "DELIVERY_FAILS",
        Severity.WARNING,
        "a channel does not take our messages",
        "Alerts go by the next channel, or wait and are tried again when there is none.",
        "No alert is lost; `understudy notify list` shows every one.",
        "understudy notify list",
        "understudy notify test",
    )
    STORE_SILENT = (
        "STORE_SILENT",
        Severity.URGENT,
        "the database does not answer",
        "It is down, locked or full, or the connection to it is lost. Nothing runs meanwhile.",
        "Workers wait, let go of what they held, and look in the targets before they do anything again. Never replace "
        "the database by an older copy to get on.",
        "understudy check",
        "understudy status",
    )
    WATCH_FAILS = (
        "WATCH_FAILS",
        Severity.URGENT,
        "the watch cannot do a part of its work",
        "One of its rules failed in a way it does not provide for; the others go on.",
        "The bots are not touched by it. What this rule would find is not told until it is mended.",
        "understudy watch --once",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a look at the installation found wrong, this time."""

    alert: Alert
    subject: str  # what it is about; with the alert the key of its notice
    says: str  # one sentence with the numbers in it; no personal data
    over: bool = False  # it happened and lasts no longer: told once, never again for the same subject
    about: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))  # words of `typed` to their values


class Part(StrEnum):
    """Which part of a notice's story a message tells."""

    OPENED = "opened"
    AGAIN = "again"  # it lasts
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A row of the store's notices: from when an alert was first found until it is found no more."""

    id: int
    alert: Alert
    subject: str
    says: str  # as of the last look
    about: Mapping[str, str]
    opened_at: datetime
    seen_at: datetime  # when it was last found
    resolved_at: datetime | None  # absent while it lasts
    part: Part  # what the next message about it tells
    tell_at: datetime | None  # when that message is due; absent: nothing is to be told for now
    told_at: datetime | None  # when a message about it was last delivered
    tries: int  # in a row that no channel took
    quiet_until: datetime | None  # somebody knows: not repeated before
    quiet_by: str | None

    def commands(self) -> tuple[str, ...]:
        """Return what to type, with what it is about put in."""
        return tuple(" ".join(self.about.get(word, word) for word in line.split(" ")) for line in self.alert.typed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One try to deliver a message through one channel."""

    channel: str
    at: datetime
    error: str | None  # why it was not taken; absent when it was

    @property
    def taken(self) -> bool:
        """Tell whether the channel took the message."""
        return self.error is None
