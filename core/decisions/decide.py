"""Taking a decision: one transaction checks what may be done, stores it, and sends the item on."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from audit.actions import Act
from core.decisions.corrections import check_changes
from core.decisions.people import People
from core.decisions.refused import DecisionRefused
from core.model.effects import EffectRecord, EffectState, Planned
from core.model.items import ItemState
from core.model.outcomes import Waiver
from core.model.reviews import Action, ReviewKind, ReviewState, ReviewTask, allowed
from core.model.steps import Correction, RecordKind
from core.store import Database, Transaction
from core.store import effects as effect_rows
from core.store import items as item_rows
from core.store import reviews as review_rows
from core.store import steps as step_rows

CLAIM_LEASE = timedelta(minutes=15)


class Decisions:
    """Every decision names the task, the version of it the person saw, and who they are.

    Each method raises DecisionRefused, changing nothing, when the task is answered already, has changed since,
    is with somebody else, or does not allow the action.
    """

    def __init__(
        self, database: Database, *, people: People, reach: Callable[[str], None] = lambda boundary: None
    ) -> None:
        """`reach` is told each place where a crash matters, as core/runtime/boundaries.py has them."""
        self._database = database
        self._people = people
        self._reach = reach

    def claim(self, task_id: int, *, who: str) -> ReviewTask:
        """Take a task for a quarter of an hour, so that nobody else works on it."""
        with self._database.transaction(actor=f"person:{who}") as tx:
            self._people.admit(who)
            task = _unanswered(tx, task_id, who)
            values = {"state": ReviewState.CLAIMED, "claimed_by": who, "claimed_until": tx.now + CLAIM_LEASE}
            _change(tx, task, values)
            tx.note(Act.REVIEW_CLAIMED, bot=task.bot, item_id=task.item_id, review=task.id)
            return review_rows.get(tx, task_id)

    def let_go(self, task_id: int, *, who: str) -> ReviewTask:
        """Give a claimed task back to the queue."""
        with self._database.transaction(actor=f"person:{who}") as tx:
            self._people.admit(who)
            task = _unanswered(tx, task_id, who)
            _change(tx, task, {"state": ReviewState.OPEN, "claimed_by": None, "claimed_until": None})
            tx.note(Act.REVIEW_RELEASED, bot=task.bot, item_id=task.item_id, review=task.id)
            return review_rows.get(tx, task_id)

    def correct(
        self, task_id: int, *, version: int, who: str, step: str, changes: Mapping[str, Any], note: str = ""
    ) -> None:
        """Change values of a step's result and let the item continue; checks run again on the changed values."""
        with self._deciding(task_id, version, who, Action.CORRECT) as (tx, task):
            known = {r.name: r for r in step_rows.latest(tx, task.item_id) if r.kind is RecordKind.STEP}
            record = known.get(step)
            if record is None:
                names = ", ".join(known) or "none"
                raise DecisionRefused("NO_SUCH_STEP", f"There is no step {step!r} to correct; steps stored: {names}.")
            earlier = step_rows.corrections(tx, task.item_id)
            check_changes(record, changes, earlier=earlier)
            correction = Correction(step=step, input_digest=record.input_digest, changes=changes, who=who)
            step_rows.correct(tx, task.item_id, review_id=task.id, correction=correction)
            tx.note(
                Act.CORRECTION_MADE,
                bot=task.bot,
                item_id=task.item_id,
                review=task.id,
                step=step,
                fields=", ".join(sorted(changes)),
            )
            _resume(tx, task, Action.CORRECT, who, note)

    def waive(self, task_id: int, *, version: int, who: str, codes: Sequence[str], note: str) -> bool:
        """Go on in spite of checks that did not pass; True when the item continues.

        False: the leave is noted, and another person must give theirs before it counts.
        """
        with self._deciding(task_id, version, who, Action.WAIVE) as (tx, task):
            outcomes = {o["code"]: o for o in task.question.details["outcomes"]}
            if not codes:
                raise DecisionRefused("NOTHING_WAIVED", f"Name the checks to waive; open: {', '.join(outcomes)}.")
            for code in dict.fromkeys(codes):
                if code not in outcomes:
                    raise DecisionRefused(
                        "NO_SUCH_CHECK",
                        f"{code} does not stand in the way here; open: {', '.join(outcomes)}.",
                    )
                self._waive_one(tx, task, outcomes[code], who, note)
            if _all_waived(tx, task, outcomes.values()):
                _resume(tx, task, Action.WAIVE, who, note)
                return True
            _change(tx, task, {"state": ReviewState.OPEN, "claimed_by": None, "claimed_until": None})
            return False

    def _waive_one(self, tx: Transaction, task: ReviewTask, outcome: Mapping[str, Any], who: str, note: str) -> None:
        code, waivable = outcome["code"], outcome["waivable"]
        if waivable["people"] == 0:
            raise DecisionRefused(
                "NOT_WAIVABLE", f"Nobody may waive {code}; correct the data, or deal with the case by hand."
            )
        self._people.admit(who, role=waivable["role"])
        waiver = Waiver(code=code, digest=outcome["digest"], who=who)
        if not step_rows.waive(tx, task.item_id, review_id=task.id, waiver=waiver, note=note):
            raise DecisionRefused(
                "SECOND_PERSON",
                f"{who} has waived {code} already; it takes {waivable['people']} different people.",
            )
        tx.note(Act.WAIVER_GIVEN, bot=task.bot, item_id=task.item_id, review=task.id, code=code)

    def approve(self, task_id: int, *, version: int, who: str, note: str = "") -> None:
        """Let the plan shown in the task happen; a changed plan is asked again."""
        with self._deciding(task_id, version, who, Action.APPROVE) as (tx, task):
            plan = task.question.details
            _approve(tx, task, plan["effect"], plan["plan_digest"], who)
            _resume(tx, task, Action.APPROVE, who, note)

    def retry(self, task_id: int, *, version: int, who: str, note: str = "") -> None:
        """Let the bot try again as things are now."""
        with self._deciding(task_id, version, who, Action.RETRY) as (tx, task):
            _resume(tx, task, Action.RETRY, who, note)

    def park(self, task_id: int, *, version: int, who: str, until: datetime, note: str = "") -> None:
        """Ask again later; the task stays open and shows its date."""
        with self._deciding(task_id, version, who, Action.PARK) as (tx, task):
            if until <= tx.now:
                raise DecisionRefused("DATE_PASSED", f"{until:%d %b %Y %H:%M} is not in the future.")
            values = {
                "state": ReviewState.OPEN,
                "claimed_by": None,
                "claimed_until": None,
                "parked_until": until,
            }
            _change(tx, task, values | {"note": note})
            tx.note(Act.REVIEW_PARKED, bot=task.bot, item_id=task.item_id, review=task.id, until=until.isoformat())

    def done_by_hand(self, task_id: int, *, version: int, who: str, receipt: str, note: str = "") -> None:
        """A person did the work; `receipt` is the target's number for it. The item is finished."""
        with self._deciding(task_id, version, who, Action.DONE_BY_HAND) as (tx, task):
            if not receipt.strip():
                raise DecisionRefused("NO_RECEIPT", "Type the number the target gave, so that it can be found again.")
            for effect in effect_rows.live(tx, task.item_id).values():
                if effect.state is not EffectState.CONFIRMED:
                    effect_rows.settle(
                        tx, effect, to=EffectState.CONFIRMED, receipt={"by_hand": receipt.strip()}, by=f"person:{who}"
                    )
            item_rows.set_result(tx, task.item_id, result={"by_hand": receipt.strip()})
            _end(tx, task, ItemState.DONE, Action.DONE_BY_HAND, who, note)

    def cancel(self, task_id: int, *, version: int, who: str, note: str) -> None:
        """Nothing is to be done for this item; the note says why."""
        with self._deciding(task_id, version, who, Action.CANCEL) as (tx, task):
            if not note.strip():
                raise DecisionRefused("NO_REASON", "Say in a few words why nothing is to be done.")
            _end(tx, task, ItemState.CANCELLED, Action.CANCEL, who, note)

    def confirm(self, task_id: int, *, version: int, who: str, receipt: str, note: str = "") -> None:
        """The effect in doubt did happen; `receipt` is the target's number for it. The item continues."""
        with self._deciding(task_id, version, who, Action.CONFIRM) as (tx, task):
            effect = _begun(tx, task)
            if effect.state is not EffectState.CONFIRMED:
                if not receipt.strip():
                    raise DecisionRefused(
                        "NO_RECEIPT", "Type the number the target gave, so that it can be found again."
                    )
                effect_rows.settle(
                    tx, effect, to=EffectState.CONFIRMED, receipt={"by_hand": receipt.strip()}, by=f"person:{who}"
                )
            changed = task.question.details.get("plan_digest")
            if task.question.kind is ReviewKind.CHANGED and changed is not None:
                _approve(tx, task, effect.name, changed, who)  # what was entered stands for the changed plan
            _resume(tx, task, Action.CONFIRM, who, note)

    def refute(self, task_id: int, *, version: int, who: str, note: str = "") -> None:
        """The effect in doubt did not happen; its key is free and the item continues."""
        with self._deciding(task_id, version, who, Action.REFUTE) as (tx, task):
            effect = _begun(tx, task)
            if effect.state is EffectState.CONFIRMED:
                raise DecisionRefused(
                    "CONFIRMED_ALREADY",
                    "The target's receipt for this is stored; it cannot be said not to have happened.",
                )
            effect_rows.settle(tx, effect, to=EffectState.REFUTED, by=f"person:{who}")
            _resume(tx, task, Action.REFUTE, who, note)

    @contextmanager
    def _deciding(
        self, task_id: int, version: int, who: str, action: Action
    ) -> Iterator[tuple[Transaction, ReviewTask]]:
        self._reach(f"decision {action} before")
        with self._database.transaction(actor=f"person:{who}") as tx:
            self._people.admit(who)
            task = _unanswered(tx, task_id, who)
            if task.version != version:
                raise DecisionRefused(
                    "CHANGED_SINCE",
                    f"Task {task_id} has changed since you opened it; look at it again, then decide.",
                )
            may = allowed(task.question.kind, begun=bool(effect_rows.live(tx, task.item_id)))
            if action not in may:
                raise DecisionRefused(
                    "NOT_ALLOWED_HERE",
                    f"{action.value.replace('_', ' ')!r} is not possible for this task; possible: "
                    + ", ".join(sorted(a.value.replace("_", " ") for a in may)),
                )
            yield tx, task
            self._reach(f"decision {action} before commit")
        self._reach(f"decision {action} after")


def _unanswered(tx: Transaction, task_id: int, who: str) -> ReviewTask:
    try:
        task = review_rows.get(tx, task_id)
    except LookupError as error:
        raise DecisionRefused("NO_SUCH_TASK", f"There is no review task {task_id}.") from error
    if task.state is ReviewState.RESOLVED:
        raise DecisionRefused(
            "ANSWERED_ALREADY", f"Task {task_id} was answered by {task.resolved_by}: {task.resolution}."
        )
    taken = task.claimed_by is not None and task.claimed_until is not None and task.claimed_until > tx.now
    if taken and task.claimed_by != who:
        raise DecisionRefused("WITH_SOMEONE", f"Task {task_id} is with {task.claimed_by}; ask them, or wait.")
    return task


def _begun(tx: Transaction, task: ReviewTask) -> EffectRecord:
    live = list(effect_rows.live(tx, task.item_id).values())
    unsettled = [effect for effect in live if effect.state is not EffectState.CONFIRMED]
    named = task.question.details.get("effect")
    asked = [
        effect for effect in live if effect.name == named
    ]  # another effect than the one asked about stays as it is
    candidates = [*unsettled, *live] if named is None else asked
    return candidates[0] if candidates else _write_down(tx, task)


def _write_down(tx: Transaction, task: ReviewTask) -> EffectRecord:
    """The target could not tell before anything was tried: put the plan in the effect ledger for the answer."""
    details = task.question.details
    if "plan" not in details:
        raise DecisionRefused("NO_EFFECT", "No effect of this item is in doubt.")
    plan = Planned.of(details)
    token = item_rows.get(tx, task.item_id).token
    try:
        return effect_rows.intend(tx, bot=task.bot, item_id=task.item_id, token=token, plan=plan)
    except effect_rows.KeyTaken as error:
        raise DecisionRefused(
            "KEY_TAKEN", f"Another item has entered {plan.key} since; let the bot look again (retry)."
        ) from error


def _approve(tx: Transaction, task: ReviewTask, effect: str, plan_digest: str, who: str) -> None:
    step_rows.approve(tx, task.item_id, review_id=task.id, effect=effect, plan_digest=plan_digest, who=who)
    tx.note(
        Act.APPROVAL_GIVEN,
        bot=task.bot,
        item_id=task.item_id,
        review=task.id,
        effect=effect,
        plan=plan_digest,
    )


def _all_waived(tx: Transaction, task: ReviewTask, outcomes: Any) -> bool:
    given = step_rows.waivers(tx, task.item_id)
    for outcome in outcomes:
        people = {w.who for w in given if w.code == outcome["code"] and w.digest == outcome["digest"]}
        if outcome["waivable"]["people"] == 0 or len(people) < outcome["waivable"]["people"]:
            return False
    return True


def _change(tx: Transaction, task: ReviewTask, values: dict[str, Any]) -> None:
    if not review_rows.change(tx, task, values=values):
        raise DecisionRefused("CHANGED_SINCE", f"Task {task.id} was changed by somebody else this moment; look again.")


def _resolve(tx: Transaction, task: ReviewTask, action: Action, who: str, note: str) -> None:
    _change(
        tx,
        task,
        {
            "state": ReviewState.RESOLVED,
            "resolved_at": tx.now,
            "resolution": action,
            "resolved_by": who,
            "note": note,
            "parked_until": None,
        },
    )
    tx.note(Act.REVIEW_DECIDED, bot=task.bot, item_id=task.item_id, review=task.id, decision=str(action))


def _resume(tx: Transaction, task: ReviewTask, action: Action, who: str, note: str) -> None:
    _resolve(tx, task, action, who, note)
    settled = item_rows.get(tx, task.item_id).not_before  # they may have looked before the target had settled
    _move(tx, task, ItemState.PENDING, {"not_before": max(tx.now, settled), "system_errors": 0})


def _end(tx: Transaction, task: ReviewTask, to: ItemState, action: Action, who: str, note: str) -> None:
    _resolve(tx, task, action, who, note)
    _move(tx, task, to, {"outcome": str(action)})


def _move(tx: Transaction, task: ReviewTask, to: ItemState, values: dict[str, Any]) -> None:
    if not item_rows.move(tx, task.item_id, frm=ItemState.IN_REVIEW, to=to, values=values):
        raise DecisionRefused("NOT_IN_REVIEW", f"The item of task {task.id} no longer waits for a person; look again.")
