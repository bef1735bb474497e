"""`understudy mode BOT`: how far a bot may go, who granted it, and granting it more or less."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

import typer

from understudy.commands import subcommand
from understudy.commands.hold import Scope, known
from understudy.opening import opened
from understudy.shown.paper import Paper, Style, tell_json

app = subcommand()


class Granted(StrEnum):
    """The modes that can be granted; core.model.runs says what each means."""

    SHADOW = "shadow"
    RECOMMEND = "recommend"
    AUTO = "auto"


@app.command()
def mode(
    ctx: typer.Context,
    bot: Annotated[str, typer.Argument(metavar="BOT", help="The bot's name in bots.toml.")],
    grant: Annotated[Granted | None, typer.Option("--grant", help="Let it go so far, and no further.")] = None,
    who: Annotated[str | None, typer.Option("--as", metavar="NAME", help="Who grants it; needed with --grant.")] = None,
    reason: Annotated[str, typer.Option("--reason", help="Why; needed with --grant.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show how far a bot may go, or grant it more or less.

    In force is the lower of what bots.toml asks and what was granted.
    """
    from core.errors import ConfigError
    from core.model.runs import Mode
    from core.store import holds
    from core.trust import effective_mode

    lacking = [o for o, given in (("--as", who), ("--reason", reason.strip())) if grant is not None and not given]
    if lacking:
        raise ConfigError([f"--grant needs {' and '.join(lacking)}: a grant names who gave it and why"])
    with opened(ctx) as installation:
        known(installation, Scope.BOT, bot)
        table = installation.config.file.bots[bot]
        if grant is not None:
            by = f"person:{who}"
            with installation.database.transaction(actor=by) as tx:
                holds.grant(tx, bot, mode=Mode(grant.value), by=by, reason=reason)
        with installation.database.reading() as tx:
            granted = holds.granted(tx, bot)
        targets = [installation.config.target(name) for name in table.targets]
        in_force, why = effective_mode(asked=table.mode, granted=granted, targets=targets)
    data = {"bot": bot, "asked": table.mode, "granted": granted, "in_force": in_force, "limited": why}
    tell_json(data) if as_json else _show(data)


def _show(data: Mapping[str, object]) -> None:
    paper = Paper()
    paper.line(f"{data['bot']} works in {data['in_force']}.", style=Style.BOLD)
    paper.pairs([("bots.toml asks", data["asked"]), ("granted", data["granted"] or "nothing yet")])
    if data["limited"]:
        paper.line(data["limited"])
