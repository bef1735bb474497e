"""`understudy accept BOT`: show what a bot now makes of its sample documents, and accept it."""

from typing import Annotated

import typer

from understudy.commands import subcommand
from understudy.opening import folder_of
from understudy.shown.paper import Paper

app = subcommand()


@app.command()
def accept(
    ctx: typer.Context,
    bot: Annotated[str, typer.Argument(metavar="BOT", help="The bot's name in bots.toml.")],
    yes: Annotated[bool, typer.Option("--yes", help="Accept without asking; the differences are shown still.")] = False,
) -> None:
    """Show what a bot now makes of its samples, and accept it.

    What became different is shown; accept it when you agree that it is right.
    """
    from core.config import read_config
    from core.registry import load_bots
    from core.testing.twins import FOLDER, twins

    config = read_config(folder_of(ctx).absolute())
    loaded = load_bots(config, names=[bot])[bot]
    every = list(twins(loaded, config.folder / "bots" / bot / FOLDER))
    changed = [twin for twin in every if twin.difference]
    paper = Paper()
    for twin in changed:
        paper.heading(twin.path.name if twin.found else f"{twin.path.name}, whose sample is gone")
        for line in twin.difference.splitlines()[2:]:
            paper.line(line.lstrip(), indent=len(line) - len(line.lstrip()))
    if not changed:
        paper.line(f"Nothing has changed in {len(every)} samples of {bot}.")
        return
    paper.line()
    if not yes and not typer.confirm(f"Accept these {len(changed)} of {len(every)} results as right?"):
        paper.line("Nothing was accepted.")
        raise typer.Exit(1)
    for twin in changed:
        twin.accept()
    paper.line(f"Accepted {len(changed)} results.")
