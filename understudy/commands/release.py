"""`understudy release bot|target NAME`: lift a hold, whoever or whatever placed it."""

from typing import Annotated

import typer

from understudy.commands import subcommand
from understudy.commands.hold import Scope, known
from understudy.opening import opened, person
from understudy.shown.paper import Paper, at

app = subcommand()


@app.command()
def release(
    ctx: typer.Context,
    scope: Annotated[Scope, typer.Argument(help="What is held: bot or target.")],
    name: Annotated[str, typer.Argument(metavar="NAME", help="Its name in bots.toml.")],
    who: Annotated[
        str | None, typer.Option("--as", metavar="NAME", help="Who releases it; by default your account.")
    ] = None,
) -> None:
    """Lift a hold on a bot or target.

    Mend its cause first, or it comes back.
    """
    from core.store import holds

    by = f"person:{person(who)}"
    with opened(ctx) as installation:
        known(installation, scope, name)
        with installation.database.transaction(actor=by) as tx:
            held = holds.active(tx, scope.value, name)
            holds.release(tx, scope.value, name, by=by)
    paper = Paper()
    if held is None:
        paper.line(f"{scope} {name} was not held.")
    else:
        paper.line(f"{scope} {name} is released; it was held since {at(held.at)}, {held.code}: {held.reason}")
