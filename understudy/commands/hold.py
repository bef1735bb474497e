"""`understudy hold bot|target NAME`: nothing more is begun until somebody releases it."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from understudy.commands import subcommand
from understudy.opening import opened, person
from understudy.shown.paper import Paper

if TYPE_CHECKING:
    from core.installation import Installation

app = subcommand()

BY_HAND = "HELD_BY_HAND"  # the code of a hold that a person placed


class Scope(StrEnum):
    """What can be held."""

    BOT = "bot"
    TARGET = "target"


@app.command()
def hold(
    ctx: typer.Context,
    scope: Annotated[Scope, typer.Argument(help="bot: a bot's queue; target: all work on a target.")],
    name: Annotated[str, typer.Argument(metavar="NAME", help="Its name in bots.toml.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; everybody who wonders sees it.")],
    who: Annotated[
        str | None, typer.Option("--as", metavar="NAME", help="Who holds it; by default your account.")
    ] = None,
) -> None:
    """Stop a bot, or everything that acts on a target.

    A worker finishes the item in hand. It stays so until somebody types `understudy release`.
    """
    from core.store import holds

    by = f"person:{person(who)}"
    with opened(ctx) as installation:
        known(installation, scope, name)
        with installation.database.transaction(actor=by) as tx:
            placed = holds.place(tx, scope.value, name, code=BY_HAND, reason=reason, by=by)
            held = holds.active(tx, scope.value, name)
    paper = Paper()
    if placed:
        paper.line(f"{scope} {name} is held. To let it go on:")
    elif held is not None:
        paper.line(f"{scope} {name} was held already, by {held.by}: {held.reason}. To let it go on:")
    paper.typed(f"understudy release {scope} {name}")


def known(installation: "Installation", scope: Scope, name: str) -> None:
    """Raise ConfigError when bots.toml has no such bot or target."""
    from core.errors import ConfigError

    file = installation.config.file
    names = list(file.bots) if scope is Scope.BOT else list(file.targets)
    if name not in names:
        raise ConfigError([f"bots.toml has no {scope} {name!r}; {scope}s here: {', '.join(names) or 'none'}"])
