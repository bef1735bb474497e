"""The subcommands of `understudy`: one file each, and this table, so that the help loads none of them."""

from typing import NamedTuple

import typer


class Command(NamedTuple):
    """Where a subcommand is, and its sentence in the help."""

    module: str
    sentence: str


COMMANDS: dict[str, Command] = {
    "new": Command("understudy.commands.new", "Write a bot to start from."),
    "check": Command("understudy.commands.check", "Check configuration, bots, secrets, browser and targets."),
    "try": Command("understudy.commands.try_", "Read documents and make the checks that need nothing else."),
    "accept": Command("understudy.commands.accept", "Show what a bot now makes of its samples, and accept it."),
    "rehearse": Command("understudy.commands.rehearse", "Kill a bot at every boundary, and see that nothing is lost."),
    "run": Command("understudy.commands.run", "Run a bot once."),
    "worker": Command("understudy.commands.worker", "Work the items that runs have collected."),
    "queue": Command("understudy.commands.queue", "Show what waits, who works on what, and what is in the way."),
    "scheduler": Command("understudy.commands.scheduler", "Start every bot at its time."),
    "schedule": Command(
        "understudy.commands.schedule", "Show when bots run unattended; run one now, pause, resume, look back."
    ),
    "replay": Command(
        "understudy.commands.replay", "Put stored items through today's code, and show what would change."
    ),
    "up": Command("understudy.commands.up", "Run everything this machine needs to work unattended."),
    "metrics": Command("understudy.commands.metrics", "Tell the figures of an installation as Prometheus reads them."),
    "status": Command("understudy.commands.status", "Show how every bot stands."),
    "review": Command("understudy.commands.review", "List, show and decide the cases that wait for people."),
    "retry": Command("understudy.commands.retry", "Send failed items back to the queue."),
    "hold": Command("understudy.commands.hold", "Stop a bot, or everything that acts on a target."),
    "release": Command("understudy.commands.release", "Lift a hold on a bot or target."),
    "mode": Command("understudy.commands.mode", "Show how far a bot may go, or grant it more or less."),
    "watch": Command(
        "understudy.commands.watch", "Look whether everything runs that should, and tell people when it does not."
    ),
    "notify": Command("understudy.commands.notify", "Test the channels, list what was told, or say that you know."),
    "trail": Command("understudy.commands.trail", "Verify or export the trail."),
    "demo": Command(
        "understudy.commands.demo", "Make documents and a ledger, run the invoices bot on them, and show what happened."
    ),
    "demo-cluster": Command(
        "understudy.commands.demo_cluster",
        "Run the invoices bot on PostgreSQL with several workers, kill one half-way, and show what happened.",
    ),
    "browser": Command("understudy.commands.browser", "Find a browser that works, or install one."),
}


def subcommand(*, sentence: str | None = None) -> typer.Typer:
    """Return the application of one file here, plain and without tracebacks of its own; a group needs a sentence."""
    return typer.Typer(
        help=sentence,
        no_args_is_help=sentence is not None,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
