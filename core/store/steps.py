"""Steps, looks, check outcomes and evidence of an item, and the corrections people made to them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from audit.actions import Act
from core.model.digests import plain
from core.model.evidence import Evidence
from core.model.outcomes import CheckOutcome, Waiver
from core.model.steps import Correction, RecordKind, StepRecord
from core.store import tables as t
from core.store.prepared import Prepared
from core.store.transaction import Transaction

_STEP = Prepared(
    t.step.insert(),
    "item_id", "attempt", "kind", "name", "input_digest", "code_digest", "result", "result_type", "seconds", "at",
)  # fmt: skip
_OUTCOME = Prepared(t.check_outcome.insert(), "item_id", "attempt", "pack", "code", "outcome", "record", "digest")
_EVIDENCE = Prepared(t.evidence.insert(), "item_id", "attempt", "sha256", "name", "media_type", "size", "at")


def save(tx: Transaction, item_id: int, *, attempt: int, records: Iterable[StepRecord]) -> None:
    """Store what an attempt computed, looked up and reused, so that its newest rows are what it went by."""
    rows = [
        {
            "item_id": item_id,
            "attempt": attempt,
            "kind": record.kind,
            "name": record.name,
            "input_digest": record.input_digest,
            "code_digest": record.code_digest,
            "result": record.result,
            "result_type": record.result_type,
            "seconds": record.seconds,
            "at": tx.now,
        }
        for record in records
    ]
    _STEP.run_all(tx.connection, rows)


def results(tx: Transaction, item_id: int) -> Mapping[tuple[str, str], StepRecord]:
    """Return the newest stored result of each step of the item, by name and input digest."""
    rows = tx.connection.execute(
        sa.select(t.step).where(t.step.c.item_id == item_id, t.step.c.kind == RecordKind.STEP).order_by(t.step.c.id)
    )
    return {(row.name, row.input_digest): _record(row) for row in rows}


def of_attempt(tx: Transaction, item_id: int, *, attempt: int, kind: RecordKind) -> tuple[StepRecord, ...]:
    """Return what one attempt recorded of a kind, in the order it ran."""
    rows = tx.connection.execute(
        sa.select(t.step)
        .where(t.step.c.item_id == item_id, t.step.c.attempt == attempt, t.step.c.kind == kind)
        .order_by(t.step.c.id)
    )
    return tuple(_record(row) for row in rows)


def latest(tx: Transaction, item_id: int) -> Sequence[StepRecord]:
    """Return the newest record of every step and look of the item, in the order they ran."""
    rows = tx.connection.execute(sa.select(t.step).where(t.step.c.item_id == item_id).order_by(t.step.c.id))
    newest: dict[str, StepRecord] = {}
    for row in rows:
        newest.pop(row.name, None)
        newest[row.name] = _record(row)
    return tuple(newest.values())


def _record(row: sa.Row[Any]) -> StepRecord:
    return StepRecord(
        kind=RecordKind(row.kind),
        name=row.name,
        input_digest=row.input_digest,
        code_digest=row.code_digest,
        result=row.result,
        result_type=row.result_type,
        seconds=row.seconds,
    )


def correct(tx: Transaction, item_id: int, *, review_id: int, correction: Correction) -> None:
    """Store a person's correction."""
    tx.connection.execute(
        t.correction.insert().values(
            item_id=item_id,
            review_id=review_id,
            step=correction.step,
            input_digest=correction.input_digest,
            changes=plain(correction.changes),
            who=correction.who,
            at=tx.now,
        )
    )


def corrections(tx: Transaction, item_id: int, *, before: int | None = None) -> Sequence[Correction]:
    """Return the item's corrections, oldest first; a later one wins. `before`: only of reviews earlier than this."""
    rows = tx.connection.execute(_decided(t.correction, item_id, before).order_by(t.correction.c.id))
    return tuple(
        Correction(step=row.step, input_digest=row.input_digest, changes=row.changes, who=row.who) for row in rows
    )


def save_outcomes(tx: Transaction, item_id: int, *, attempt: int, outcomes: Iterable[tuple[str, CheckOutcome]]) -> None:
    """Store what the checks answered, each with the pack it belongs to."""
    rows = [
        {
            "item_id": item_id,
            "attempt": attempt,
            "pack": pack,
            "code": outcome.code,
            "outcome": outcome.outcome,
            "record": plain(outcome),
            "digest": outcome.digest,
        }
        for pack, outcome in outcomes
    ]
    _OUTCOME.run_all(tx.connection, rows)


def outcomes_of(tx: Transaction, item_id: int) -> Sequence[Mapping[str, Any]]:
    """Return the check outcomes of the item's newest attempt that ran any."""
    newest = (
        sa.select(sa.func.max(t.check_outcome.c.attempt)).where(t.check_outcome.c.item_id == item_id).scalar_subquery()
    )
    rows = tx.connection.execute(
        sa.select(t.check_outcome.c.record)
        .where(t.check_outcome.c.item_id == item_id, t.check_outcome.c.attempt == newest)
        .order_by(t.check_outcome.c.id)
    )
    return [row.record for row in rows]


def waivers(tx: Transaction, item_id: int, *, before: int | None = None) -> Sequence[Waiver]:
    """Return every person's leave given for the item. `before`: only in reviews earlier than this."""
    rows = tx.connection.execute(_decided(t.waiver, item_id, before).order_by(t.waiver.c.id))
    return tuple(Waiver(code=row.code, digest=row.digest, who=row.who) for row in rows)


def waive(tx: Transaction, item_id: int, *, review_id: int, waiver: Waiver, note: str) -> bool:
    """Store a person's leave; False when the same person gave it before."""
    row = {
        "item_id": item_id,
        "review_id": review_id,
        "code": waiver.code,
        "digest": waiver.digest,
        "who": waiver.who,
        "note": note,
        "at": tx.now,
    }
    return tx.insert_new(t.waiver, row, unique=("item_id", "code", "digest", "who")) is not None


def approve(tx: Transaction, item_id: int, *, review_id: int, effect: str, plan_digest: str, who: str) -> None:
    """Store a person's approval of one plan."""
    tx.connection.execute(
        t.approval.insert().values(
            item_id=item_id, review_id=review_id, effect=effect, plan_digest=plan_digest, who=who, at=tx.now
        )
    )


def approvals(tx: Transaction, item_id: int, *, before: int | None = None) -> frozenset[tuple[str, str]]:
    """Return the approved plans of the item as (effect name, plan digest). `before`: as in `waivers`."""
    rows = tx.connection.execute(_decided(t.approval, item_id, before))
    return frozenset((row.effect, row.plan_digest) for row in rows)


def _decided(table: sa.Table, item_id: int, before: int | None) -> sa.Select[Any]:
    query = sa.select(table).where(table.c.item_id == item_id)
    return query if before is None else query.where(table.c.review_id < before)


def save_evidence(tx: Transaction, item_id: int, *, attempt: int, evidence: Iterable[Evidence]) -> None:
    """Store references to evidence of the item, and say in the trail which bytes they are."""
    rows = [
        {
            "item_id": item_id,
            "attempt": attempt,
            "sha256": one.sha256,
            "name": one.name,
            "media_type": one.media_type,
            "size": one.size,
            "at": one.at,
        }
        for one in evidence
    ]
    _EVIDENCE.run_all(tx.connection, rows)
    for row in rows:
        tx.note(Act.EVIDENCE_STORED, item_id=item_id, attempt=attempt, name=row["name"], sha256=row["sha256"])


def evidence_of(tx: Transaction, item_id: int) -> Sequence[Evidence]:
    """Return the item's evidence, oldest first."""
    rows = tx.connection.execute(sa.select(t.evidence).where(t.evidence.c.item_id == item_id).order_by(t.evidence.c.id))
    return tuple(
        Evidence(sha256=row.sha256, name=row.name, media_type=row.media_type, size=row.size, at=row.at) for row in rows
    )
