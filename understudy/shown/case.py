"""One review task with everything a person needs to decide it: evidence first, what can be decided last."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from core.decisions import DecisionRefused
from core.model.effects import EffectRecord
from core.model.patches import patched
from core.model.reviews import Action, ReviewTask, allowed
from core.model.steps import Correction, RecordKind, StepRecord
from core.store import Transaction, effects, items, reviews, runs, steps
from understudy.shown.paper import Paper, Style, at, inert

_MOST_FIELDS = 60  # shown as text; JSON has them all


def case_data(tx: Transaction, task_id: int, *, documents: Path, program: str) -> dict[str, Any]:
    """Return a task as JSON data; raise DecisionRefused when there is none. `program` starts each command to type."""
    task = task_of(tx, task_id)
    item = items.get(tx, task.item_id)
    outcomes = _outcomes(tx, task)
    live = effects.live(tx, task.item_id)
    return {
        **task_data(task, document=document_of(item)),
        "item": task.item_id,
        "item_state": item.state,
        "action": task.question.action,
        "fields_in_doubt": list(task.question.fields),
        "details": dict(task.question.details),
        "checks": outcomes,
        "values": list(_values(tx, task)),
        "documents": [_document(file, documents) for file in item.files],
        "evidence": [
            {"name": e.name, "media_type": e.media_type, "size": e.size, "at": e.at, "sha256": e.sha256}
            for e in steps.evidence_of(tx, task.item_id)
        ],
        "effects": [_effect(effect) for effect in effects.of_item(tx, task.item_id)],
        "history": list(_history(tx, task)),
        "decide": list(_decisions(task, outcomes, begun=bool(live), program=program)),
    }


def document_of(item: Any) -> str | None:
    """Return the name of an item's first file; None when it has none."""
    return item.files[0]["name"] if item.files else None


def task_of(tx: Transaction, task_id: int) -> ReviewTask:
    """Return a task; raise DecisionRefused when there is none."""
    try:
        return reviews.get(tx, task_id)
    except LookupError as error:
        raise DecisionRefused("NO_SUCH_TASK", f"There is no review task {task_id}.") from error


def task_data(task: ReviewTask, *, document: str | None) -> dict[str, Any]:
    """Return what a list says of a task, as JSON data; `document` is the name of its first file."""
    return {
        "id": task.id,
        "bot": task.bot,
        "reference": task.reference,
        "document": document,
        "state": str(task.state),
        "version": task.version,
        "kind": str(task.question.kind),
        "code": task.question.code,
        "reason": task.question.reason,
        "opened_at": task.opened_at,
        "claimed_by": task.claimed_by,
        "parked_until": task.parked_until,
        "resolution": None if task.resolution is None else str(task.resolution),
        "resolved_by": task.resolved_by,
        "note": task.note,
    }


def corrected(record: StepRecord, corrections: Sequence[Correction]) -> Any:
    """Return a step's stored result with people's corrections of it applied."""
    result = record.result
    for one in corrections:
        if (one.step, one.input_digest) == (record.name, record.input_digest):
            result = patched(result, one.changes)
    return result


def _outcomes(tx: Transaction, task: ReviewTask) -> list[dict[str, Any]]:
    shown = []
    for outcome in steps.outcomes_of(tx, task.item_id):
        given = [who for who, code, digest in task.votes if (code, digest) == (outcome["code"], outcome["digest"])]
        shown.append({**outcome, "waived_by": given})
    return shown


def _values(tx: Transaction, task: ReviewTask) -> Iterator[dict[str, Any]]:
    """Yield every plain value of every step; where a result has `sources`, with the page and the words there."""
    corrections = steps.corrections(tx, task.item_id)
    for record in steps.latest(tx, task.item_id):
        if record.kind is not RecordKind.STEP:
            continue
        result = corrected(record, corrections)
        sources = result.get("sources", {}) if isinstance(result, dict) else {}
        changed = {
            path: one.who
            for one in corrections
            if (one.step, one.input_digest) == (record.name, record.input_digest)
            for path in one.changes
        }
        for path, value in _flat(result):
            source = _source(sources, path)
            yield {
                "step": record.name,
                "path": path,
                "value": value,
                "page": source.get("page"),
                "printed": source.get("text"),
                "corrected_by": changed.get(path),
                "in_doubt": path in task.question.fields,
            }


def _flat(result: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(result, dict):
        for name, value in result.items():
            if name != "box" and not (path == "" and name == "sources"):
                yield from _flat(value, f"{path}.{name}" if path else name)
    elif isinstance(result, list):
        for number, value in enumerate(result):
            yield from _flat(value, f"{path}.{number}" if path else str(number))
    else:
        yield path, result


def _source(sources: Any, path: str) -> Mapping[str, Any]:
    found = sources.get(path) if isinstance(sources, dict) else None
    return found if isinstance(found, dict) else {}


def _document(file: Mapping[str, Any], documents: Path) -> dict[str, Any]:
    sha256 = str(file["sha256"])
    return {"name": file["name"], "size": file["size"], "path": str(documents / sha256[:2] / sha256)}


def _effect(effect: EffectRecord) -> dict[str, Any]:
    return {
        "name": effect.name,
        "target": effect.target,
        "key": effect.key,
        "state": str(effect.state),
        "receipt": effect.receipt,
        "by": effect.by,
        "plan": effect.plan,
    }


def _history(tx: Transaction, task: ReviewTask) -> Iterator[dict[str, Any]]:
    told = [
        {
            "at": one.ended_at,
            "who": f"bot {task.bot} {one.version}",
            "what": f"attempt {one.number}: {one.outcome}",
            "why": one.message or "",
        }
        for one in runs.attempts_of(tx, task.item_id)
    ]
    for earlier in reviews.of_item(tx, task.item_id):
        if earlier.resolved_at is not None:
            decided = f"task {earlier.id}, {earlier.question.code}: {str(earlier.resolution).replace('_', ' ')}"
            told.append(
                {"at": earlier.resolved_at, "who": earlier.resolved_by, "what": decided, "why": earlier.note or ""}
            )
    yield from sorted(told, key=lambda one: one["at"])


def _decisions(
    task: ReviewTask, outcomes: Sequence[Mapping[str, Any]], *, begun: bool, program: str
) -> Iterator[dict[str, str]]:
    """Yield what can be decided now, with the command to type; nothing for a task that is answered."""
    if task.resolved_at is not None:
        return
    start = f"{program} review resolve {task.id}"
    end = f"--version {task.version}"
    for action in Action:
        if action in allowed(task.question.kind, begun=begun):
            for options in _options(task, action, outcomes):
                command = " ".join(filter(None, [start, str(action), options, end]))
                yield {"action": str(action), "meaning": _MEANING[action], "command": command}


_MEANING = {
    Action.CORRECT: "change values and go on; the checks run again",
    Action.WAIVE: "go on in spite of this check",
    Action.APPROVE: "let the plan happen as it is shown",
    Action.RETRY: "run again as things are now",
    Action.PARK: "ask again at a later date",
    Action.DONE_BY_HAND: "a person has done it; note the target's number",
    Action.CANCEL: "nothing is to be done; say why",
    Action.CONFIRM: "it did happen; note the target's number",
    Action.REFUTE: "it did not happen; the bot goes on",
}


def _options(task: ReviewTask, action: Action, outcomes: Sequence[Mapping[str, Any]]) -> list[str]:
    match action:
        case Action.CORRECT:
            named = [field for field in task.question.fields if "*" not in field] or ["FIELD"]
            return [" ".join(f"--set {field}=VALUE" for field in named[:3])]
        case Action.WAIVE:
            standing = [o["code"] for o in task.question.details.get("outcomes", ()) if o["waivable"]["people"]]
            return [f"--code {code} --note 'WHY'" for code in standing]
        case Action.PARK:
            return ["--until YYYY-MM-DD"]
        case Action.DONE_BY_HAND | Action.CONFIRM:
            return ["--receipt NUMBER"]
        case Action.CANCEL:
            return ["--note 'WHY'"]
        case _:
            return [""]


def show_case(data: Mapping[str, Any]) -> None:
    """Write a task for a person."""
    paper = Paper()
    paper.line(f"Task {data['id']}, {data['bot']}: {data['reason']}", style=Style.BOLD)
    if data["action"]:
        paper.line(data["action"])
    paper.line()
    paper.pairs(_head(data))
    _show_checks(paper, data["checks"])
    _show_values(paper, data["values"])
    _show_plan(paper, data)
    _show_evidence(paper, data)
    paper.heading("History")
    paper.table(("when", "who", "what", "why"), [(at(h["at"]), h["who"], h["what"], h["why"]) for h in data["history"]])
    if data["decide"]:
        paper.heading("What you can decide (add --as NAME when the account is not yours)")
        for one in data["decide"]:
            paper.line(f"{one['action'].replace('_', ' ')}: {one['meaning']}")
            paper.typed(one["command"])


def _head(data: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    yield "code", data["code"]
    yield "item", data["reference"]
    yield "open since", at(data["opened_at"])
    if data["claimed_by"]:
        yield "with", data["claimed_by"]
    if data["parked_until"]:
        yield "parked until", at(data["parked_until"])
    if data["resolution"]:
        yield "decided", f"{data['resolution'].replace('_', ' ')} by {data['resolved_by']} {data['note']}"


def _show_checks(paper: Paper, checks: Sequence[Mapping[str, Any]]) -> None:
    if not checks:
        return
    paper.heading("Checks")
    paper.table(("check", "outcome", "found", "expected", "says", "may be waived by"), map(_check_row, checks))


def _check_row(one: Mapping[str, Any]) -> tuple[str, ...]:
    says = "" if one["outcome"] == "passed" else f"{one['message']} ({one['source']})"
    return one["code"], one["outcome"].replace("_", " "), one["found"], one["expected"], says, _waivers(one)


def _waivers(one: Mapping[str, Any]) -> str:
    if one["outcome"] == "passed":
        return ""
    people, role = one["waivable"]["people"], one["waivable"]["role"]
    if not people:
        return "nobody"
    who = f"{people} {'person' if people == 1 else 'people'}{f' with role {role}' if role else ''}"
    return f"{who}; so far {', '.join(one['waived_by'])}" if one["waived_by"] else who


def _show_values(paper: Paper, values: Sequence[Mapping[str, Any]]) -> None:
    known = [one for one in values if one["value"] is not None or one["in_doubt"]]
    if not known:
        return
    paper.heading("Values (in doubt first)")
    ordered = sorted(known, key=lambda one: not one["in_doubt"])
    rows = [
        (
            "?" if one["in_doubt"] else "",
            one["step"],
            one["path"],
            one["value"],
            one["page"],
            f"corrected by {one['corrected_by']}" if one["corrected_by"] else one["printed"],
        )
        for one in ordered[:_MOST_FIELDS]
    ]
    paper.table(("", "step", "field", "value", "page", "as printed"), rows)
    if len(ordered) > _MOST_FIELDS:
        paper.line(f"and {len(ordered) - _MOST_FIELDS} more; --json prints them all")


def _show_plan(paper: Paper, data: Mapping[str, Any]) -> None:
    details = data["details"]
    if "plan" in details:
        paper.heading(f"Plan: {details['effect']} in {details['target']}, {details['key']}")
        plan = details["plan"] if isinstance(details["plan"], Mapping) else {"": details["plan"]}
        paper.pairs((name, value) for name, value in plan.items() if value is not None)
    if data["effects"]:
        paper.heading("Effects")
        rows = [(e["name"], e["target"], e["key"], e["state"], e["receipt"], e["by"]) for e in data["effects"]]
        paper.table(("effect", "target", "key", "state", "receipt", "by"), rows)


def _show_evidence(paper: Paper, data: Mapping[str, Any]) -> None:
    if data["documents"]:
        paper.heading("Documents")
        paper.pairs((one["name"], one["path"]) for one in data["documents"])
    if data["evidence"]:
        paper.heading("Evidence (--save DIR writes it to a folder)")
        paper.table(
            ("what it shows", "kind", "bytes", "when", "sha-256"),
            [(e["name"], e["media_type"], e["size"], at(e["at"]), inert(e["sha256"])[:16]) for e in data["evidence"]],
        )
