"""From what a person typed to the decision it means: one action, with what that action needs and nothing else."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.decisions import DecisionRefused, Decisions
from core.durations import parse_duration
from core.installation import Installation
from core.model.reviews import Action, ReviewTask
from core.model.steps import RecordKind, StepRecord
from core.store import Transaction, steps
from understudy.shown.case import corrected, task_of

READ = "read"  # the step whose values people correct most


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What was typed after `review resolve ID`."""

    action: str
    who: str
    version: int | None  # absent: whatever the task's version is now
    step: str | None
    changes: tuple[str, ...]  # each `field=value`
    cleared: tuple[str, ...]  # fields that have no value
    codes: tuple[str, ...]
    receipt: str | None
    until: str | None
    note: str


def decide(installation: Installation, task_id: int, answer: Answer) -> tuple[str, str, bool]:
    """Take the decision; return what happened in a sentence, the bot, and whether the item goes on.

    Raises DecisionRefused, changing nothing, when something is missing, does not belong to the action, or the task
    does not allow it.
    """
    action = _action(answer.action)
    _fits(action, answer)
    with installation.database.reading() as tx:
        task = task_of(tx, task_id)
        changes = _changes(tx, task, answer) if action is Action.CORRECT else ("", {})
    version = task.version if answer.version is None else answer.version
    made = _Deciding(installation.decisions, task_id, version, answer, changes, now=installation.database.now())
    goes_on = made.take(action)
    return _sentence(task, action, answer, goes_on=goes_on), task.bot, goes_on


def _action(typed: str) -> Action:
    try:
        return Action(typed.replace("-", "_").lower())
    except ValueError as error:
        known = ", ".join(str(action) for action in Action)
        raise DecisionRefused("NO_SUCH_ACTION", f"{typed!r} is not a decision; possible: {known}.") from error


_NEEDS: Mapping[Action, frozenset[str]] = {
    Action.CORRECT: frozenset({"step", "changes", "cleared"}),
    Action.WAIVE: frozenset({"codes"}),
    Action.PARK: frozenset({"until"}),
    Action.DONE_BY_HAND: frozenset({"receipt"}),
    Action.CONFIRM: frozenset({"receipt"}),
}
_OPTION = {
    "step": "--step",
    "changes": "--set",
    "cleared": "--clear",
    "codes": "--code",
    "until": "--until",
    "receipt": "--receipt",
}


def _fits(action: Action, answer: Answer) -> None:
    """Refuse what does not belong to the action: it would be typed and not heeded."""
    needs = _NEEDS.get(action, frozenset())
    for name, option in _OPTION.items():
        given = getattr(answer, name)
        if given and name not in needs:
            raise DecisionRefused("OPTION_WITHOUT_USE", f"{option} does not belong to {str(action)!r}.")
    lacking = {Action.WAIVE: "codes", Action.PARK: "until"}.get(action)
    if lacking is not None and not getattr(answer, lacking):
        raise DecisionRefused("OPTION_MISSING", f"{str(action)!r} needs {_OPTION[lacking]}.")


def _changes(tx: Transaction, task: ReviewTask, answer: Answer) -> tuple[str, dict[str, Any]]:
    records = {r.name: r for r in steps.latest(tx, task.item_id) if r.kind is RecordKind.STEP}
    step = answer.step or _usual(records)
    record = records.get(step)
    result = None if record is None else corrected(record, steps.corrections(tx, task.item_id))
    changes: dict[str, Any] = {}
    for one in answer.changes:
        path, sign, typed = one.partition("=")
        if not sign or not path:
            raise DecisionRefused("OPTION_MISSING", f"--set {one!r}: write it as FIELD=VALUE.")
        changes[path.strip()] = value_of(typed, stored=_at(result, path.strip()))
    return step, changes | dict.fromkeys(answer.cleared)


def _usual(records: Mapping[str, StepRecord]) -> str:
    return next(iter(records)) if len(records) == 1 else READ


def value_of(typed: str, *, stored: Any) -> Any:
    """Return what was typed as JSON data of the stored value's kind.

    A text stays a text, whatever it looks like: `0012` is not twelve. Where nothing is stored only objects, lists,
    `true`, `false` and `null` are taken as JSON; a number is left as text, and the field's own type reads it.
    """
    if isinstance(stored, str):
        return typed
    try:
        value = json.loads(typed)
    except ValueError:
        return typed
    if stored is None and isinstance(value, int | float | str) and not isinstance(value, bool):
        return typed
    return value


def _at(result: Any, path: str) -> Any:
    for part in path.split("."):
        if isinstance(result, dict):
            result = result.get(part)
        elif isinstance(result, list) and part.isdigit() and int(part) < len(result):
            result = result[int(part)]
        else:
            return None
    return result


def until_of(typed: str, *, now: datetime) -> datetime:
    """Return the instant: a date or date and time in the local zone, or a duration from now."""
    try:
        return datetime.fromisoformat(typed).astimezone()
    except ValueError:
        pass
    try:
        instant: datetime = now + parse_duration(typed)
    except ValueError as error:
        raise DecisionRefused(
            "NO_SUCH_DATE", f"--until {typed!r}: write a date (2026-03-05), a date and time (2026-03-05T09:00), or 3d."
        ) from error
    return instant


@dataclass(frozen=True, slots=True)
class _Deciding:
    decisions: Decisions
    task_id: int
    version: int
    answer: Answer
    changes: tuple[str, dict[str, Any]]
    now: datetime

    def take(self, action: Action) -> bool:
        """Take the decision and return whether the item goes on."""
        plain: dict[Action, tuple[Callable[..., object], bool]] = {
            Action.APPROVE: (self.decisions.approve, True),
            Action.RETRY: (self.decisions.retry, True),
            Action.CANCEL: (self.decisions.cancel, False),
            Action.REFUTE: (self.decisions.refute, True),
        }
        with_receipt: dict[Action, tuple[Callable[..., object], bool]] = {
            Action.DONE_BY_HAND: (self.decisions.done_by_hand, False),
            Action.CONFIRM: (self.decisions.confirm, True),
        }
        common: dict[str, Any] = {"version": self.version, "who": self.answer.who, "note": self.answer.note}
        if action in plain:
            method, goes_on = plain[action]
            method(self.task_id, **common)
            return goes_on
        if action in with_receipt:
            method, goes_on = with_receipt[action]
            method(self.task_id, receipt=self.answer.receipt or "", **common)
            return goes_on
        if action is Action.WAIVE:
            return self.decisions.waive(self.task_id, codes=self.answer.codes, **common)
        if action is Action.PARK:
            until = until_of(self.answer.until or "", now=self.now)
            self.decisions.park(self.task_id, until=until, **common)
            return False
        step, changes = self.changes
        self.decisions.correct(self.task_id, step=step, changes=changes, **common)
        return True


def _sentence(task: ReviewTask, action: Action, answer: Answer, *, goes_on: bool) -> str:
    said = f"Task {task.id}: {str(action).replace('_', ' ')} by {answer.who}."
    if action is Action.WAIVE and not goes_on:
        return f"{said} The leave is noted; something still stands in the way, or another person must agree."
    return said
