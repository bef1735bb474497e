"""A PostgreSQL store as it is after long use: many items finished, all their rows with them, and more ready."""

import sqlalchemy as sa

from audit.tables import trail_event
from core.clock import Clock
from core.model.items import ItemState
from core.model.runs import AttemptOutcome, Mode
from core.model.steps import RecordKind
from core.store import Database, runs
from core.store import tables as t
from core.store.columns import NO_DATE

DIGEST = "0" * 64


def fill(url: str, *, bot: str, finished: int, ready: int) -> int:
    """Make the tables, put the items in, and return the run's id; nothing is sealed."""
    database = Database.open(url, clock=Clock())
    with database.transaction(actor="system:benchmark") as tx:
        run_id = runs.start(tx, bot, version="1", mode=Mode.AUTO, trigger="benchmark", worker="benchmark")
        for state, count in ((ItemState.DONE, finished), (ItemState.PENDING, ready)):
            tx.connection.execute(_items(tx, bot, run_id, state, count))
        tx.connection.execute(_contents())
        for statement in (_attempts(tx, run_id), _steps(tx), _events(bot, run_id)):
            tx.connection.execute(statement)
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE")  # as the server does by itself in time
    database.close()
    return run_id


def _items(tx, bot, run_id, state, count):
    number = sa.func.generate_series(1, count).column_valued("number")
    done = int(state is ItemState.DONE)
    return _from(
        t.item,
        {
            "bot": bot,
            "reference": sa.func.concat(f"{state}-", number),
            "state": state,
            "due": NO_DATE,
            "not_before": tx.now,
            "attempts": done,
            "token": done,
            "run_id": run_id,
            "added_at": tx.now,
            "changed_at": tx.now,
            "outcome": AttemptOutcome.DONE if done else None,
        },
    )


def _contents():
    return _from(t.item_content, {"item_id": t.item.c.id, "payload": {"number": 1}, "files": [], "waits": {}})


def _attempts(tx, run_id):
    values = {
        "item_id": t.item.c.id,
        "number": 1,
        "run_id": run_id,
        "worker": "benchmark",
        "version": "1",
        "started_at": tx.now,
        "ended_at": tx.now,
        "outcome": AttemptOutcome.DONE,
    }
    return _from(t.attempt, values, only_done=True)


def _steps(tx):
    values = {
        "item_id": t.item.c.id,
        "attempt": 1,
        "kind": RecordKind.STEP,
        "name": "twice",
        "input_digest": DIGEST,
        "code_digest": DIGEST,
        "result": 2,
        "result_type": "builtins:int",
        "seconds": 0.0,
        "at": tx.now,
    }
    return _from(t.step, values, only_done=True)


def _events(bot, run_id):
    values = {
        "at": "2026-03-02T12:00:00.000000Z",
        "actor": "system:benchmark",
        "action": "attempt.ended",
        "bot": bot,
        "item_id": t.item.c.id,
        "run_id": run_id,
        "body": "{}",
    }
    return _from(trail_event, values, only_done=True)


def _from(table, values, *, only_done=False):
    """Return an insert of one row per item, or per row of whatever the values name."""
    columns = [table.c[name] for name in values]
    given = [
        value if isinstance(value, sa.ColumnElement) else sa.literal(value, column.type)
        for column, value in zip(columns, values.values(), strict=True)
    ]
    query = sa.select(*given)
    if only_done:
        query = query.where(t.item.c.state == ItemState.DONE)
    return table.insert().from_select(columns, query)
