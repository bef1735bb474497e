"""Gives back what dead workers held, and closes their runs.

An item is released when its lease has lapsed, or at once when the system proves that its holder on this host is dead.
A holder on this host that is alive keeps its item, lease or not: a stopped process may wake in the middle of a click.
An effect that was begun keeps the item waiting until the target has settled, counted from now: the holder is known
dead only now.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from loguru import logger

from audit.actions import Act
from core.model.effects import EffectRecord, EffectState
from core.model.items import ItemState
from core.model.protocol import Fate, Hold, Next, after_death, hold_of, settled_at
from core.runtime import host
from core.runtime.loaded import LoadedBot
from core.runtime.questions import in_doubt
from core.store import Database, Transaction, effects, items, occurrences, reviews, runs, slots

MOST_CRASHES = 20  # of one item; more than any rehearsal kills it, fewer than a scheduler restarts in a day


def reap(database: Database, bot: LoadedBot, *, worker: str, run_id: int | None, locks: Path) -> int:
    """Release the bot's items whose holder is gone and return how many; close the runs of dead workers."""
    with database.reading() as tx:
        held = [(row, _gone(row.worker, row.lease_until, tx.now, locks)) for row in items.held(tx, bot=bot.name)]
        unclosed = runs.unclosed(tx, bot.name, before=run_id)
    lost = [row for row, gone in held if gone]
    dead_runs = [run for run in unclosed if host.fate(run.worker, folder=locks) is Fate.DEAD]
    if not lost and not dead_runs:  # the usual case writes nothing
        return 0
    with database.transaction(actor=f"system:{worker}") as tx:
        ordered = occurrences.holders(tx)  # whose runs the scheduler starts again, once it has seen that they died
        released = sum(_release(tx, row, bot) for row in lost)
        begun_again = occurrences.runs_of_unfinished(tx)
        for run in dead_runs:
            if run.id not in begun_again:
                runs.abandon(tx, run.id, bot=bot.name)
    for name in {row.worker for row in (*lost, *dead_runs)} - ordered:
        if host.fate(name, folder=locks) is Fate.DEAD:
            host.forget(name, folder=locks)
    return released


def reap_sessions(database: Database, *, worker: str, locks: Path) -> int:
    """Free the sessions whose holder is gone and return how many."""
    with database.reading() as tx:
        lost = [row for row in slots.held(tx) if _gone(row.holder, row.until, tx.now, locks)]
    if not lost:
        return 0
    with database.transaction(actor=f"system:{worker}") as tx:
        return sum(slots.free(tx, row) for row in lost)


def let_go(database: Database, holding: Database, bots: Mapping[str, LoadedBot], *, worker: str) -> None:
    """Release whatever is held in this worker's own name, after the store was lost and came back.

    It acts no more on any of it, so that a target that may still be committing has from now on to settle.
    """
    with database.transaction(actor=f"system:{worker}") as tx:
        for name, bot in bots.items():
            for row in items.held(tx, bot=name):
                if row.worker == worker:
                    _release(tx, row, bot)
    with holding.transaction(actor=f"system:{worker}") as tx:
        for row in slots.held(tx):
            if row.holder == worker:
                slots.free(tx, row)


def _gone(worker: str, lease_until: datetime, now: datetime, locks: Path) -> bool:
    """Tell whether a holder is gone: proven dead, or its lease has lapsed and nothing more is known of it."""
    hold = hold_of(host.fate(worker, folder=locks), lapsed=lease_until <= now)
    if hold is Hold.STANDS_STILL:
        logger.warning("Worker {} stands still and keeps what it holds; look at it", worker)
    return hold is Hold.TAKE


def _release(tx: Transaction, row: sa.Row[Any], bot: LoadedBot) -> int:
    begun = [e for e in effects.live(tx, row.id).values() if e.state is not EffectState.CONFIRMED]
    settle = max((bot.targets[e.target].settle for e in begun if e.target in bot.targets), default=timedelta(0))
    settled = settled_at(tx.now, settle)
    crashes = row.attempts - len(runs.attempts_of(tx, row.id))  # an attempt that ended is recorded
    if after_death(begun=bool(begun), crashes=crashes, most=MOST_CRASHES) is not Next.AGAIN:
        return _give_up(tx, row, bot, begun, crashes=crashes, settled=settled)
    moved = items.release(tx, row, not_before=settled)
    if moved:
        tx.note(Act.ITEM_RELEASED, bot=bot.name, item_id=row.id, run_id=row.run_id, from_worker=row.worker)
    return int(moved)


def _give_up(
    tx: Transaction,
    row: sa.Row[Any],
    bot: LoadedBot,
    begun: Sequence[EffectRecord],
    *,
    crashes: int,
    settled: datetime,
) -> int:
    """An item that takes its worker down each time would keep the queue from everybody else."""
    to = ItemState.IN_REVIEW if begun else ItemState.FAILED
    if not items.release(tx, row, not_before=settled, to=to, code="WORKER_LOST"):
        return 0
    why = f"its worker has died {crashes} times"
    if begun:
        question = in_doubt(begun[0], code="EFFECT_IN_DOUBT", why=why)
        reviews.open_task(tx, bot=bot.name, item_id=row.id, question=question)
    else:
        tx.note(Act.ITEM_FAILED, bot=bot.name, item_id=row.id, run_id=row.run_id, code="WORKER_LOST")
    logger.error("Item {} is worked no more: {}", row.id, why)
    return 1
