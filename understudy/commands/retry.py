"""`understudy retry BOT`: failed items go back to the queue with all their tries, when their cause is mended."""

from typing import TYPE_CHECKING, Annotated

import typer

from understudy.commands import subcommand
from understudy.commands.hold import Scope, known
from understudy.opening import opened, person
from understudy.shown.paper import Paper

if TYPE_CHECKING:
    from core.store import Transaction

app = subcommand()


@app.command()
def retry(
    ctx: typer.Context,
    bot: Annotated[str, typer.Argument(metavar="BOT", help="The bot's name in bots.toml.")],
    reference: Annotated[
        list[str] | None, typer.Option("--item", metavar="REFERENCE", help="Only this item; may be given again.")
    ] = None,
    who: Annotated[
        str | None, typer.Option("--as", metavar="NAME", help="Who sends them; by default your account.")
    ] = None,
) -> None:
    """Send failed items back to the queue.

    Mend the cause first. They have all their tries again.
    """
    from core.store import items, overview

    with opened(ctx) as installation:
        known(installation, Scope.BOT, bot)
        with installation.database.transaction(actor=f"person:{person(who)}") as tx:
            wanted = [_failed(tx, bot, one) for one in reference or ()] or [r.id for r in overview.failed(tx, bot)]
            sent = sum(items.reopen(tx, item_id, bot=bot) for item_id in wanted)
    paper = Paper()
    paper.line(f"{sent} failed item{'' if sent == 1 else 's'} of {bot} went back to the queue.")
    if sent:
        paper.typed(f"understudy run {bot}")


def _failed(tx: "Transaction", bot: str, reference: str) -> int:
    from core.errors import ConfigError
    from core.store import items

    item_id = items.by_reference(tx, bot, reference)
    if item_id is None:
        raise ConfigError([f"--item: {bot} has no item {reference!r}"])
    return item_id
