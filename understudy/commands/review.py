"""`understudy review list|show|resolve`: the cases that wait for people, at the command line."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from understudy.commands import subcommand
from understudy.opening import folder_of, opened, person
from understudy.shown.paper import Paper, at, tell_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.installation import Installation
    from core.model.evidence import Evidence
    from core.model.reviews import ReviewTask
    from core.model.steps import StepRecord

app = subcommand(sentence="List, show and decide the cases that wait for people.")
_Id = Annotated[int, typer.Argument(metavar="ID", help="The task's number, as `review list` shows it.")]
_Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("list")
def list_(
    ctx: typer.Context,
    bot: Annotated[str | None, typer.Option("--bot", metavar="BOT", help="Only this bot's.")] = None,
    as_json: _Json = False,
) -> None:
    """List the tasks that nobody has answered, oldest first."""
    from core.store import items, reviews
    from understudy.shown.case import document_of, task_data

    with opened(ctx) as installation, installation.database.reading() as tx:
        tasks = [(task, document_of(items.get(tx, task.item_id))) for task in reviews.waiting(tx, bot=bot)]
    if as_json:
        tell_json([task_data(task, document=document) for task, document in tasks])
        return
    paper = Paper()
    if not tasks:
        paper.line("No case waits for a person.")
        return
    paper.table(
        ("id", "bot", "document", "code", "why", "state", "since"), (_row(task, document) for task, document in tasks)
    )
    paper.typed(f"{_program(ctx)} review show {tasks[0][0].id}")


@app.command()
def show(
    ctx: typer.Context,
    task: _Id,
    as_json: _Json = False,
    save: Annotated[
        Path | None, typer.Option("--save", metavar="DIR", help="Write evidence and framed pages to this folder too.")
    ] = None,
) -> None:
    """Show one task: why, the checks, the values and where they stand, the plan, and what can be decided."""
    from core.store import steps
    from understudy.shown.case import case_data, show_case

    with opened(ctx) as installation:
        documents = installation.var / "documents"
        with installation.database.reading() as tx:
            data = case_data(tx, task, documents=documents, program=_program(ctx))
            evidence = list(steps.evidence_of(tx, data["item"]))
            steps_now = steps.latest(tx, data["item"])
        saved = [] if save is None else [*_saved(installation, evidence, save), *_drawn(data, steps_now, save)]
    if as_json:
        tell_json({**data, "saved": saved})
        return
    show_case(data)
    if saved:
        paper = Paper()
        paper.heading("Saved")
        for path in saved:
            paper.typed(str(path))


_Who = Annotated[str | None, typer.Option("--as", metavar="NAME", help="Who decides; by default your account.")]
_Version = Annotated[
    int | None, typer.Option("--version", metavar="N", help="The version you saw; refused when it has changed since.")
]
_Step = Annotated[str | None, typer.Option("--step", help="correct: the step whose values change; by default `read`.")]
_Set = Annotated[
    list[str] | None, typer.Option("--set", metavar="FIELD=VALUE", help="correct: a field and its new value.")
]
_Clear = Annotated[
    list[str] | None, typer.Option("--clear", metavar="FIELD", help="correct: a field that has no value.")
]
_Code = Annotated[
    list[str] | None, typer.Option("--code", metavar="CODE", help="waive: the check to go on in spite of.")
]
_Receipt = Annotated[
    str | None, typer.Option("--receipt", metavar="NUMBER", help="done_by_hand, confirm: the target's number for it.")
]
_Until = Annotated[
    str | None, typer.Option("--until", metavar="WHEN", help="park: a date, a date and time, or a duration such as 3d.")
]


@app.command()
def resolve(
    ctx: typer.Context,
    task: _Id,
    action: Annotated[str, typer.Argument(metavar="ACTION", help="One of those that `review show` lists.")],
    who: _Who = None,
    version: _Version = None,
    step: _Step = None,
    changes: _Set = None,
    cleared: _Clear = None,
    codes: _Code = None,
    receipt: _Receipt = None,
    until: _Until = None,
    note: Annotated[str, typer.Option("--note", help="Why, for whoever reads this later.")] = "",
) -> None:
    """Decide a task: correct, waive, approve, retry, park, done_by_hand, cancel, confirm or refute."""
    from understudy.deciding import Answer, decide

    answer = Answer(
        action=action,
        who=person(who),
        version=version,
        step=step,
        changes=tuple(changes or ()),
        cleared=tuple(cleared or ()),
        codes=tuple(codes or ()),
        receipt=receipt,
        until=until,
        note=note,
    )
    with opened(ctx) as installation:
        sentence, bot, goes_on = decide(installation, task, answer)
    paper = Paper()
    paper.line(sentence)
    if goes_on:
        paper.line("The item goes on at the bot's next run:")
        paper.typed(f"{_program(ctx)} run {bot}")


def _saved(installation: "Installation", evidence: "list[Evidence]", folder: Path) -> list[Path]:
    from understudy.shown.saving import save_evidence

    return save_evidence(installation.evidence, evidence, folder)


def _drawn(data: "dict[str, Any]", records: "Sequence[StepRecord]", folder: Path) -> list[Path]:
    """Draw the document's pages on which values are in doubt, with a frame round each."""
    from core.files.inbox import open_document
    from understudy.shown.places import draw_pages, places

    if not data["documents"]:
        return []
    framed: dict[int, list[Any]] = {}
    for record in records:
        for page, boxes in places(record.result, data["fields_in_doubt"]).items():
            framed.setdefault(page, []).extend(boxes)
    return draw_pages(open_document(Path(data["documents"][0]["path"])), framed, folder)


def _program(ctx: typer.Context) -> str:
    folder = folder_of(ctx)
    return "understudy" if folder == Path() else f"understudy --folder {folder}"


def _row(task: "ReviewTask", document: str | None) -> tuple[object, ...]:
    asked = task.question
    return (
        task.id,
        task.bot,
        document or task.reference[:24],
        asked.code,
        asked.reason,
        _standing(task),
        at(task.opened_at),
    )


def _standing(task: "ReviewTask") -> str:
    if task.parked_until is not None:
        return f"parked until {at(task.parked_until)}"
    return f"with {task.claimed_by}" if task.claimed_by is not None else "open"
