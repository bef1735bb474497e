"""`understudy rehearse BOT`: kill the bot at every boundary, start it again, and compare what its targets hold."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from understudy.commands import subcommand
from understudy.commands.run import shown_progress
from understudy.opening import opened, person
from understudy.shown.paper import tell_json

if TYPE_CHECKING:
    from core.installation import Installation
    from core.testing.rehearsal import Rehearsal

app = subcommand()


@app.command()
def rehearse(
    ctx: typer.Context,
    bot: Annotated[str, typer.Argument(metavar="BOT", help="The bot's name in bots.toml.")],
    only: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="WORD", help="Only boundaries whose name holds this; may be given again."),
    ] = None,
    sample: Annotated[
        list[str] | None,
        typer.Option("--sample", metavar="WORD", help="Only samples whose name holds this; may be given again."),
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Keep the report as evidence, and say so in the trail.")] = False,
    leave: Annotated[
        Path | None, typer.Option("--leave", metavar="DIR", help="Leave what was played in a new folder, to look into.")
    ] = None,
    who: Annotated[
        str | None, typer.Option("--as", metavar="NAME", help="Who rehearses, with --keep; by default your account.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Kill a bot at every boundary, and see that nothing is lost.

    In throw-away installations, on the bot's samples and stand-ins of its targets: once for each boundary it is killed
    there, started again to the end, and what each target holds is compared with an undisturbed play. Nothing else is
    touched. Ends with 0 when all are the same, 1 otherwise.
    """
    from core.model.runs import ExitCode
    from core.testing.rehearsal import rehearse as rehearsed
    from understudy.shown.rehearsal import show_rehearsal

    with opened(ctx) as installation, _folder(leave) as folder, shown_progress() as progress:
        loaded = installation.bots(bot)[bot]
        found = rehearsed(installation, loaded, folder=folder, progress=progress, only=only or (), chosen=sample or ())
        data = {**found.data(), "evidence": _kept(installation, found, person(who)) if keep else None}
    tell_json(data) if as_json else show_rehearsal(data)
    raise typer.Exit(int(ExitCode.GREEN if found.good else ExitCode.FAILED))


@contextmanager
def _folder(leave: Path | None) -> Iterator[Path]:
    """Return where to play: a temporary folder, or a new one that stays."""
    from core.errors import ConfigError

    if leave is None:
        with tempfile.TemporaryDirectory(prefix="understudy-rehearsal-", ignore_cleanup_errors=True) as made:
            yield Path(made).resolve()
        return
    if leave.exists():
        raise ConfigError([f"--leave {leave} is there already; name a new folder, so that nothing old is in it"])
    leave.mkdir(parents=True)
    yield leave.resolve()


def _kept(installation: "Installation", found: "Rehearsal", who: str) -> str:
    """Store the report as evidence, note it in the trail, and return its hash."""
    from audit.actions import Act
    from core.model.digests import canonical

    sha256 = installation.evidence.put(canonical(found.data()).encode())
    with installation.database.transaction(actor=f"person:{who}") as tx:
        tx.note(
            Act.BOT_REHEARSED,
            bot=found.bot,
            version=found.version,
            result="as undisturbed" if found.good else "differs",
            kills=len(found.judged),
            evidence=sha256,
        )
    return sha256
