"""Whether an installation is ready to work: each part that was looked at, and what is wrong with it in a sentence."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from audit.checkpoints import newest
from audit.errors import AuditError
from audit.keys import Keyring
from core.errors import UnderstudyError
from core.health.beat import SILENT, Beat
from core.health.measured import free_disk
from core.store import Database

LEAST_DISK = 200_000_000  # bytes free beneath `var`; with fewer a run may not be able to store its end
UNVERIFIED = timedelta(days=3)  # since the trail was last verified
STALE = timedelta(seconds=30)  # an answer older than this is none


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part that was looked at."""

    part: str
    good: bool
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What a work place stands on besides its store, as `look_around` looks at it."""

    var: Path
    keys: Callable[[], Keyring]
    probe_evidence: Callable[[], None]  # raises AuditError or UnderstudyError when its place does not answer
    database: Database


def look_around(around: Around) -> tuple[Part, ...]:
    """Look at disk, keys, the place of evidence and the browser; may wait for a remote store, so ask from a thread."""
    return (_disk(around.var), _keys(around), _evidence(around.probe_evidence), _browser(around.var / "browser.json"))


def parts_of(beat: Beat | None, *, age: float) -> tuple[Part, ...]:
    """Return what the last look says of store, scheduler and trail; `age` is how many seconds ago it was."""
    if beat is None:
        return (Part(part="store", good=False, says="not looked at yet"),)
    if age > STALE.total_seconds():
        return (Part(part="store", good=False, says=f"has not answered for {age:.0f} s"),)
    if beat.trouble is not None:
        return (Part(part="store", good=False, says=beat.trouble),)
    return (Part(part="store", good=True, says="can be written to"), _scheduler(beat), _items(beat), _trail(beat))


def _scheduler(beat: Beat) -> Part:
    told = "has given no sign yet" if beat.scheduler is None else f"gave its last sign at {_at(beat.scheduler)}"
    good = beat.scheduler is not None and not beat.silent(beat.scheduler, for_=SILENT)
    return Part(part="scheduler", good=good, says=told)


def _items(beat: Beat) -> Part:
    if not beat.still:
        return Part(part="items", good=True, says="none stands still")
    named = ", ".join(f"item {one.item_id} of {one.bot} since {_at(one.moved_at)}" for one in beat.still)
    return Part(part="items", good=False, says=f"stand still: {named}")


def _trail(beat: Beat) -> Part:
    if beat.verified is None:
        return Part(part="trail", good=True, says="not verified yet; `understudy trail verify` does it now")
    good = beat.at - beat.verified <= UNVERIFIED
    return Part(part="trail", good=good, says=f"last verified and found whole at {_at(beat.verified)}")


def _disk(var: Path) -> Part:
    free = free_disk(var)
    return Part(part="disk", good=free >= LEAST_DISK, says=f"{free / 1e9:.1f} GB free")


def _keys(around: Around) -> Part:
    try:
        keys = around.keys()
        ours = {key.key_id for key in keys.public_keys()}
        keys.sign(b"ready")
        with around.database.reading() as tx:
            signed = newest(tx.connection)
    except (AuditError, UnderstudyError) as error:
        return Part(part="keys", good=False, says=error.message)
    except (OSError, SQLAlchemyError) as error:
        return Part(part="keys", good=False, says=f"cannot be read: {type(error).__name__}")
    if signed is not None and signed.key_id not in ours:
        return Part(part="keys", good=False, says=f"the trail is signed with key {signed.key_id}, which is not here")
    return Part(part="keys", good=True, says="sign the trail")


def _evidence(probe: Callable[[], None]) -> Part:
    try:
        probe()
    except (AuditError, UnderstudyError) as error:
        return Part(part="evidence", good=False, says=error.message)
    return Part(part="evidence", good=True, says="its place answers")


def _browser(note: Path) -> Part:
    """A browser that was once found must still be there; how it was found is told with its age."""
    try:
        told = json.loads(note.read_text(encoding="utf-8"))
        tested = datetime.fromtimestamp(note.stat().st_mtime, UTC)
        executable = Path(told["file"])
        version = str(told["version"])
    except FileNotFoundError:
        return Part(part="browser", good=True, says="none was needed so far")
    except (OSError, ValueError, KeyError, TypeError):
        return Part(part="browser", good=True, says="its note cannot be read; the next to need one tests it anew")
    if not executable.exists():
        return Part(part="browser", good=False, says=f"{executable.name} is gone; type: understudy browser --again")
    return Part(part="browser", good=True, says=f"version {version}, tested at {_at(tested)}")


def _at(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
