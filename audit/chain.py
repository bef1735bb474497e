"""One pass over the chain in its order, batch by batch, in memory that does not grow with it.

A break is reported once and the pass goes on from the stored hash, so one edited event gives one problem.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, select

from audit.actions import Act
from audit.checkpoints import NO_HASH
from audit.streaming import Rows, stream
from audit.tables import trail_event, trail_seal

_KEPT = 200  # breaks kept for telling a reordering from an edit
_TOLD = frozenset({Act.TRAIL_KEY_ROTATED.value, Act.PERSONAL_ERASED.value})
_TOKEN = "commitment:"
_TOKENS = re.compile(r"commitment:[0-9a-f]{64}")


@dataclass(slots=True)
class _Break:
    """A place where the stored hash is not the hash of what stands there."""

    seq: int
    event_id: int
    before: bytes  # the stored hash of the seal before
    earlier: bytes  # and of the one before that
    body: bytes
    stored: bytes


@dataclass(slots=True)
class Findings:
    """Counts one kind of problem and keeps the first."""

    first: str = ""
    count: int = 0

    def add(self, sentence: str) -> None:
        """Count one more; the first is kept in words."""
        self.first = self.first or sentence
        self.count += 1

    def sentences(self) -> list[str]:
        """Return the first problem and how many follow it; nothing when there was none."""
        if self.count > 1:
            return [f"{self.first} ({self.count - 1} more of this kind follow)"]
        return [self.first] if self.count else []


@dataclass(slots=True)
class Stretch:
    """The events between two marks: from when to when they say they are."""

    oldest: str = "~"  # stored instant; beyond all instants while there is no event
    latest: str = ""


# Called with the sequence number reached, its stored hash, and the stretch before it; returns the next number to call
# for. A number that is not in the chain is called for at the next one, with no hash.
Mark = Callable[[int, bytes | None, Stretch], int | None]

_NEVER = 2**63


@dataclass(slots=True)
class Chain:
    """The pass over the chain: what it learned and what it found wrong."""

    mark: Mark
    next_mark: int | None  # the first number to call `mark` for
    last: int = 0
    head: bytes = bytes.fromhex(NO_HASH)
    earlier: bytes = bytes.fromhex(NO_HASH)
    present: int = 0
    absent: int = 0  # sequence numbers that stand nowhere
    stretch: Stretch = field(default_factory=Stretch)  # since the last mark
    rotations: list[Mapping[str, Any]] = field(default_factory=list)
    erased: set[str] = field(default_factory=set)
    tokens: set[str] = field(default_factory=set)  # of personal data, named in the batch taken last
    breaks: list[_Break] = field(default_factory=list)
    broken: int = 0
    missing: Findings = field(default_factory=Findings)
    gone: Findings = field(default_factory=Findings)
    columns: Findings = field(default_factory=Findings)

    def take(self, rows: Rows) -> None:
        """Follow the chain through one batch of rows in order."""
        sha256, last, head, earlier = hashlib.sha256, self.last, self.head, self.earlier
        mark = _NEVER if self.next_mark is None else self.next_mark
        oldest, latest = self.stretch.oldest, self.stretch.latest
        self.tokens = set()
        for seq, event_id, stored, at, actor, action, bot, item_id, run_id, text in rows:
            known = seq == last + 1
            if not known:
                self._gap(last + 1, seq - 1)
            last = seq
            if text is None:
                self.gone.add(f"sequence {seq}: event {event_id} was removed; only its seal is left")
            else:
                self.present += 1
                body = text.encode()
                if known and sha256(head + body).digest() != stored:
                    self._broken(_Break(seq, event_id, head, earlier, body, stored))
                if not _says(text, at, actor, action, bot, item_id, run_id):
                    self.columns.add(_COLUMNS.format(seq, event_id))
                if at < oldest:
                    oldest = at
                if at > latest:
                    latest = at
                if action in _TOLD or _TOKEN in text:
                    self._told(action, text)
            earlier, head = head, stored
            if seq >= mark:
                self.stretch = Stretch(oldest, latest)
                mark = self._marked(seq, head)
                oldest, latest = self.stretch.oldest, self.stretch.latest
        self.head, self.earlier, self.last = head, earlier, last
        self.stretch = Stretch(oldest, latest)

    def problems(self) -> list[str]:
        """Say what is wrong with the chain itself."""
        edited, moved = Findings(), Findings()
        for place in self.breaks:
            (moved if self._is_moved(place) else edited).add(self._sentence(place))
        edited.count += self.broken - len(self.breaks)
        kinds = (self.missing, self.gone, edited, moved, self.columns)
        return [sentence for findings in kinds for sentence in findings.sentences()]

    def _marked(self, seq: int, head: bytes) -> int:
        """Call for every mark up to here; return the next."""
        while self.next_mark is not None and self.next_mark <= seq:
            here = head if self.next_mark == seq else None
            self.next_mark = self.mark(self.next_mark, here, self.stretch)
            self.stretch = Stretch()
        return _NEVER if self.next_mark is None else self.next_mark

    def _sentence(self, place: _Break) -> str:
        other = self._really_of(place)
        if other is not None:
            return f"sequence {place.seq}: what stands here was sealed as {other.seq}: reordered"
        if self._is_moved(place):
            return (
                f"sequence {place.seq}: event {place.event_id} was sealed right behind another one: the "
                "trail was reordered, or an event was added before it"
            )
        return (
            f"sequence {place.seq}: event {place.event_id} is not what was sealed: it was edited, or put "
            "in the place of another"
        )

    def _really_of(self, place: _Break) -> _Break | None:
        """Return the other break whose seal fits the body that stands here."""
        others = (other for other in self.breaks if other is not place)
        return next((other for other in others if _fits(other, before=other.before, body=place.body)), None)

    def _is_moved(self, place: _Break) -> bool:
        candidates = [place.earlier, *(other.before for other in self.breaks if other is not place)]
        behind_another = any(_fits(place, before=before, body=place.body) for before in candidates)
        return behind_another or self._really_of(place) is not None

    def _gap(self, first: int, last: int) -> None:
        if last < first:
            self.missing.add(f"sequence {last + 1} stands twice: a seal was added")
            return
        self.absent += last - first + 1
        if first == last:
            self.missing.add(f"sequence {first} is missing: an event was removed from the trail")
        else:
            self.missing.add(f"sequences {first} to {last} are missing: events were removed from the trail")

    def _broken(self, place: _Break) -> None:
        self.broken += 1
        if len(self.breaks) < _KEPT:
            self.breaks.append(place)

    def _told(self, action: str, text: str) -> None:
        self.tokens.update(_TOKENS.findall(text))
        if action not in _TOLD:
            return
        details = _object(text).get("details") or {}
        if action == Act.TRAIL_KEY_ROTATED:
            self.rotations.append(details)
        else:
            self.erased.add(str(details.get("token")))


_COLUMNS = "sequence {}: the columns of event {} do not say what its sealed text says: they were edited"


def _fits(place: _Break, *, before: bytes, body: bytes) -> bool:
    return hashlib.sha256(before + body).digest() == place.stored


def _says(
    text: str, at: str, actor: str, action: str, bot: str | None, item_id: int | None, run_id: int | None
) -> bool:
    """Whether the sealed text says what the columns say.

    Reading every text as JSON would take longer than everything else together. Its keys are sorted, so that action,
    actor, moment and bot begin it, and item and run end it; where it does not look like that, it is read.
    """
    begins = f'{{"action":"{action}","actor":"{actor}","at":"{at}",'
    if bot is not None:
        begins += f'"bot":"{bot}",'
    if item_id is None:
        ends = "}" if run_id is None else f',"run_id":{run_id}}}'
    else:
        ends = f',"item_id":{item_id}}}' if run_id is None else f',"item_id":{item_id},"run_id":{run_id}}}'
    plain = "\\" not in begins and begins.count('"') == (12 if bot is None else 16)  # no column brings its own quotes
    if (
        plain
        and text.startswith(begins)
        and text.endswith(ends)
        and (bot is not None or not text.startswith('"bot"', len(begins)))
        and (item_id is not None or '"item_id":' not in text)
        and (run_id is not None or '"run_id":' not in text)
    ):
        return True
    get = _object(text).get
    said = (get("at"), get("actor"), get("action"), get("bot"), get("item_id"), get("run_id"))
    return said == (at, actor, action, bot, item_id, run_id)


def _object(text: str) -> Mapping[str, Any]:
    try:
        said = json.loads(text)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def sealed(connection: Connection, *, after: int = 0) -> Iterator[Rows]:
    """Return the chain behind a number, in order, in batches, each seal with its event (empty where that is gone).

    The columns: seq, event_id, hash, at, actor, action, bot, item_id, run_id, body.
    """
    event, seal = trail_event.c, trail_seal.c
    statement = (
        select(
            seal.seq, seal.event_id, seal.hash,
            event.at, event.actor, event.action, event.bot, event.item_id, event.run_id, event.body,
        )
        .select_from(trail_seal.outerjoin(trail_event, event.id == seal.event_id))
        .order_by(seal.seq)
    )  # fmt: skip
    if after:
        statement = statement.where(seal.seq > after)
    return stream(connection, statement)
