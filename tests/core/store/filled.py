"""A store with a bit of everything in it: items in several states, a doubt, a case, a hold, a late start."""

from datetime import timedelta

from core.clock import FakeClock
from core.model.effects import EffectState, Planned
from core.model.items import Claim, ItemState, NewItem
from core.model.reviews import Question, ReviewKind
from core.model.runs import AttemptOutcome, ExitCode, Mode
from core.store import Database, Transaction, effects, holds, items, reviews, runs
from core.store import tables as t

MINUTE = timedelta(minutes=1)
PERSONAL = "Agnes Personal"  # stands wherever a case can hold what is personal
PLAN = Planned(target="book", name="post", key=PERSONAL, plan={"name": PERSONAL}, plan_digest="d")


def fill(database: Database, clock: FakeClock) -> None:
    """Make a run that ended with 1 after a minute, and leave every kind of thing that waits."""
    with database.transaction(actor="system:test") as tx:
        run_id = runs.start(tx, "clerk", version="1", mode=Mode.AUTO, trigger=f"person:{PERSONAL}", worker="w")
        for number in range(5):
            items.add(tx, "clerk", run_id=run_id, new=NewItem(reference=f"{PERSONAL} {number}"))
        later = tx.now + timedelta(days=1)
        items.add(tx, "clerk", run_id=run_id, new=NewItem(reference="later", not_before=later))
    clock.tick(MINUTE)
    _end(database, take(database), to=ItemState.DONE, outcome=AttemptOutcome.DONE)
    doubted = take(database)
    with database.transaction(actor="system:test") as tx:
        effect = effects.intend(tx, bot="clerk", item_id=doubted.item_id, token=doubted.token, plan=PLAN)
        effects.settle(tx, effect, to=EffectState.UNCERTAIN)
    _end(database, doubted, to=ItemState.IN_REVIEW, outcome=AttemptOutcome.REVIEW)
    with database.transaction(actor="system:test") as tx:
        question = Question(kind=ReviewKind.UNCERTAIN, code="CANNOT_TELL", reason=PERSONAL)
        reviews.open_task(tx, bot="clerk", item_id=doubted.item_id, question=question)
        runs.end(tx, run_id, bot="clerk", exit_code=ExitCode.FAILED, balances=())
        holds.place(tx, "target", "book", code="LOGIN_FAILED", reason=PERSONAL, by=f"person:{PERSONAL}")
        holds.count_failure(tx, "clerk")
        runs.start(tx, "clerk", version="1", mode=Mode.AUTO, trigger="test", worker="w")  # it has not ended
        _start(tx, due=-5, state="due")  # late
        _start(tx, due=-5, state="begun", report_by=-1)  # overdue
        _start(tx, due=0, state="due")
        _start(tx, due=-50, state="ended", report_by=-30)
        for name, next_at, paused in (("noon", -3, None), ("off", -3, 0), ("later", 3, None)):
            tx.connection.execute(
                t.schedule.insert().values(
                    bot="clerk",
                    name=name,
                    rule="r",
                    next_slot="s",
                    next_at=tx.now + next_at * MINUTE,
                    paused_at=None if paused is None else tx.now,
                )
            )


def take(database: Database, *, worker: str = "w") -> Claim:
    """Let a worker take the next item."""
    with database.transaction(actor="system:test") as tx:
        claim = items.claim(tx, "clerk", worker=worker, lease=MINUTE)
    assert claim is not None
    return claim


def _start(tx: Transaction, *, due: int, state: str, report_by: int | None = None) -> None:
    tx.connection.execute(
        t.occurrence.insert().values(
            bot="clerk",
            schedule="morning",
            slot=f"{due} {state} {report_by}",
            due=tx.now + due * MINUTE,
            state=state,
            made_at=tx.now,
            not_before=tx.now + due * MINUTE,
            report_by=None if report_by is None else tx.now + report_by * MINUTE,
        )
    )


def _end(database: Database, claim: Claim, *, to: ItemState, outcome: AttemptOutcome) -> None:
    with database.transaction(actor="system:test") as tx:
        items.finish(tx, claim, to=to, outcome=outcome, code=None, system_errors=0)
        runs.record_attempt(
            tx, claim, run_id=claim.run_id, worker="w", version="1", started_at=tx.now, outcome=outcome,
            code=None, message=PERSONAL, seen={},
        )  # fmt: skip
