"""One pass over the chain in its order, batch by batch.

A break is reported once and the pass goes on from the stored hash, so one edited event gives one problem.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, select

from audit.actions import Act
from audit.checkpoints import NO_HASH
from audit.tables import AnyRow, trail_event, trail_seal

_BATCH = 500
_KEPT = 200  # breaks kept for telling a reordering from an edit
_TOLD = frozenset({Act.TRAIL_KEY_ROTATED.value, Act.PERSONAL_ERASED.value})


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
class Chain:
    """The pass over the chain: what it learned and what it found wrong."""

    wanted: set[int]  # sequence numbers whose hash a checkpoint speaks of
    last_signed: int = 0
    last: int = 0
    head: bytes = bytes.fromhex(NO_HASH)
    earlier: bytes = bytes.fromhex(NO_HASH)
    present: int = 0
    latest_unsigned: str = ""  # the latest moment of an event after the newest checkpoint
    heads: dict[int, str] = field(default_factory=dict)
    rotations: list[Mapping[str, Any]] = field(default_factory=list)
    erased: set[str] = field(default_factory=set)
    breaks: list[_Break] = field(default_factory=list)
    broken: int = 0
    missing: Findings = field(default_factory=Findings)
    gone: Findings = field(default_factory=Findings)
    columns: Findings = field(default_factory=Findings)

    def take(self, rows: Sequence[AnyRow]) -> None:
        """Follow the chain through one batch of rows in order."""
        sha256, last, wanted = hashlib.sha256, self.last, self.wanted
        head, earlier = self.head, self.earlier
        for row, said in zip(rows, _parsed(rows), strict=True):
            seq, event_id, stored, at, actor, action, bot, item_id, run_id, text = row
            known = seq == last + 1
            if not known:
                self._gap(last + 1, seq - 1)
            last = seq
            if text is None:
                self.gone.add(f"sequence {seq}: event {event_id} was removed; only its seal is left")
                earlier, head = head, stored
                continue
            self.present += 1
            body = text.encode()
            if known and sha256(head + body).digest() != stored:
                self._broken(_Break(seq, event_id, head, earlier, body, stored))
            earlier, head = head, stored
            get = said.get
            if (at, actor, action, bot, item_id, run_id) != (
                get("at"), get("actor"), get("action"), get("bot"), get("item_id"), get("run_id"),
            ):  # fmt: skip
                self.columns.add(
                    f"sequence {seq}: the columns of event {event_id} do not say what its sealed text says: "
                    "they were edited"
                )
            if seq in wanted:
                self.heads[seq] = head.hex()
            if seq > self.last_signed and at > self.latest_unsigned:
                self.latest_unsigned = at
            if action in _TOLD:
                self._told(action, said.get("details") or {})
        self.head, self.earlier, self.last = head, earlier, last

    def problems(self) -> list[str]:
        """Say what is wrong with the chain itself."""
        edited, moved = Findings(), Findings()
        for place in self.breaks:
            (moved if self._is_moved(place) else edited).add(self._sentence(place))
        edited.count += self.broken - len(self.breaks)
        kinds = (self.missing, self.gone, edited, moved, self.columns)
        return [sentence for findings in kinds for sentence in findings.sentences()]

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
        elif first == last:
            self.missing.add(f"sequence {first} is missing: an event was removed from the trail")
        else:
            self.missing.add(f"sequences {first} to {last} are missing: events were removed from the trail")

    def _broken(self, place: _Break) -> None:
        self.broken += 1
        if len(self.breaks) < _KEPT:
            self.breaks.append(place)

    def _told(self, action: str, details: Mapping[str, Any]) -> None:
        if action == Act.TRAIL_KEY_ROTATED:
            self.rotations.append(details)
        else:
            self.erased.add(str(details.get("token")))


def _fits(place: _Break, *, before: bytes, body: bytes) -> bool:
    return hashlib.sha256(before + body).digest() == place.stored


def _parsed(rows: Sequence[AnyRow]) -> list[Mapping[str, Any]]:
    """Return what each body says, all at once for speed; nothing for one that is absent or not JSON."""
    texts = [row[-1] or "{}" for row in rows]
    try:
        said = json.loads(f"[{','.join(texts)}]")
    except ValueError:
        said = []
    if len(said) == len(rows) and all(type(one) is dict for one in said):
        return said  # type: ignore[no-any-return]
    return [_object(text) for text in texts]


def _object(text: str) -> Mapping[str, Any]:
    try:
        said = json.loads(text)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def sealed(connection: Connection) -> Iterator[Sequence[AnyRow]]:
    """Return the chain in order, in batches, each seal with its event (empty columns where that is gone)."""
    event, seal = trail_event.c, trail_seal.c
    statement = (
        select(
            seal.seq, seal.event_id, seal.hash,
            event.at, event.actor, event.action, event.bot, event.item_id, event.run_id, event.body,
        )
        .select_from(trail_seal.outerjoin(trail_event, event.id == seal.event_id))
        .order_by(seal.seq)
        .limit(_BATCH)
    )  # fmt: skip
    last: int | None = None
    while True:
        rows = connection.execute(statement if last is None else statement.where(seal.seq > last)).all()
        if not rows:
            return
        yield rows
        last = rows[-1][0]
