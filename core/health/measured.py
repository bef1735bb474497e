"""The figures of an installation at one instant, read from its store in one picture."""

import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from audit.checkpoints import newest
from audit.sealer import behind
from audit.trail import moment
from core.config import Config
from core.health.beat import VERIFIED
from core.store import Transaction, figures, holds, signs
from core.store.figures import LastRun, Two, Waits

LATE = timedelta(minutes=2)  # a start that nobody has begun for so long after it was due is late


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What was read."""

    at: datetime
    bots: tuple[str, ...]  # the enabled ones of bots.toml
    targets: tuple[str, ...]  # those they name
    items: Mapping[Two, int]  # by bot and state
    attempts: Mapping[Two, int]  # by bot and outcome
    doubts: Mapping[Two, Waits]  # by bot and target
    cases: Mapping[str, Waits]
    ready: Mapping[str, Waits]
    bots_held: frozenset[str]
    targets_held: frozenset[str]
    in_a_row: Mapping[str, int]  # system errors
    last_runs: Mapping[str, LastRun]
    late: Mapping[str, int]
    overdue: Mapping[str, int]
    unsealed: int
    checkpoint: datetime | None  # when the trail was last signed
    verified: datetime | None  # when it was last verified and found whole
    signs: Mapping[str, datetime | None]  # the newest of all hosts, by kind


def measured(tx: Transaction, config: Config) -> Measured:
    """Read every figure; takes time in proportion to the store."""
    enabled = {name: table for name, table in config.file.bots.items() if table.enabled}
    held = holds.all_active(tx)
    last = {name: figures.last_run(tx, name) for name in enabled}
    signed = newest(tx.connection)
    return Measured(
        at=tx.now,
        bots=tuple(enabled),
        targets=_named(table.targets for table in enabled.values()),
        items=figures.items(tx),
        attempts=figures.attempts(tx),
        doubts=figures.doubts(tx),
        cases=figures.cases(tx),
        ready=figures.ready(tx),
        bots_held=frozenset(one.name for one in held if one.scope == "bot"),
        targets_held=frozenset(one.name for one in held if one.scope == "target"),
        in_a_row=figures.in_a_row(tx),
        last_runs={name: run for name, run in last.items() if run is not None},
        late=figures.late(tx, grace=LATE),
        overdue=figures.overdue(tx),
        unsealed=behind(tx.connection),
        checkpoint=None if signed is None else moment(signed.at),
        verified=_newest_sign(tx, VERIFIED),
        signs={kind: _newest_sign(tx, kind) for kind in ("scheduler", "watch")},
    )


def free_disk(var: Path) -> int:
    """Return how many bytes are free where `var` is or will be."""
    place = next(folder for folder in (var, *var.parents) if folder.exists())
    return shutil.disk_usage(place).free


def _newest_sign(tx: Transaction, kind: str) -> datetime | None:
    return max(signs.all_of(tx, kind).values(), default=None)


def _named(lists: Iterable[Sequence[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for names in lists for name in names))
