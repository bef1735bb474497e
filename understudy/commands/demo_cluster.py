"""`understudy demo-cluster`: many workers at one PostgreSQL, a ledger that allows two logins, and one worker killed.

Everything lies in `var/cluster`, an installation of its own: a PostgreSQL server, the documents, the ledger. Started
again it goes on from where it stopped.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from understudy.commands import subcommand
from understudy.demonstration import BOT, TARGET, prepare, require_stand_in, show_documents, show_trail
from understudy.opening import opened
from understudy.shown.paper import Paper, Style

if TYPE_CHECKING:
    from core.installation import Installation

app = subcommand()

SESSIONS = 2  # logins the ledger allows at a time
LOOK = 0.5  # seconds between two looks at how far the workers are


@app.command()
def demo_cluster(
    ctx: typer.Context,
    count: Annotated[int, typer.Option("--count", help="How many documents to make, the first time.")] = 300,
    seed: Annotated[int, typer.Option("--seed", help="Another number makes other documents.")] = 7,
    workers: Annotated[int, typer.Option("--workers", min=2, help="How many worker processes.")] = 4,
) -> None:
    """Run the invoices bot on PostgreSQL with several workers, kill one half-way, and show what happened.

    The ledger allows two logins at a time, so two workers work and the others wait for their turn.
    """
    from core.installation import Installation
    from core.model.runs import ExitCode
    from core.testing.postgres import Postgres

    paper = Paper()
    with opened(ctx) as outer:
        require_stand_in(outer)
        folder = _installation(outer)
        with Postgres(folder / "postgres", durable=True) as server:
            _write(outer, folder, database=server.url(), ledger="http://127.0.0.1:9")
            with Installation.open(folder) as inner:
                paper.line(f"Making {count} documents and a ledger, where they are not there yet ...")
                prepare(inner, count=count, seed=seed)
                before = _pushed_out(inner)
                with _ledger(inner) as address:
                    _write(outer, folder, database=server.url(), ledger=address)
                    code = _played(inner, paper, workers=workers)
                differences = show_documents(inner, paper)
                differences += _show_sessions(inner, paper, before=before)
                whole = show_trail(inner, paper)
    if not whole:
        raise typer.Exit(int(ExitCode.TRAIL))
    raise typer.Exit(code or int(ExitCode.FAILED if differences else ExitCode.GREEN))


def _installation(outer: "Installation") -> Path:
    """Make the folder of the cluster's installation, with the bots and targets of this one."""
    folder = outer.var / "cluster"
    (folder / "var").mkdir(parents=True, exist_ok=True)
    for name in ("bots", "targets"):
        if not (folder / name).exists():
            (folder / name).symlink_to((outer.folder / name).absolute())
    known = outer.var / "browser.json"
    if known.is_file():
        (folder / "var" / known.name).write_bytes(known.read_bytes())
    return folder


def _write(outer: "Installation", folder: Path, *, database: str, ledger: str) -> None:
    """Write the cluster's bots.toml: this installation's bot, the ledger at an address, PostgreSQL as the store."""
    bot, target = outer.config.file.bots[BOT], outer.config.file.targets[TARGET]
    tables: dict[str, Mapping[str, Any]] = {
        "installation": {"name": "Cluster (demonstration)", "profile": outer.config.profile, "database": database},
        f"targets.{TARGET}": {
            "simulator": True, "url": ledger, "profile": target.profile, "settle": "2s", "timeout": "30s",
            "slots": SESSIONS,
        },
        f"targets.{TARGET}.secrets": target.secrets,
        f"bots.{BOT}": {"mode": "auto", "targets": [TARGET], "attempts": 4, "backoff": "1s", "linger": "60s"},
        f"bots.{BOT}.settings": {**bot.settings, "inbox": "var/demo/inbox"},
    }  # fmt: skip
    lines = []
    for name, values in tables.items():
        lines += [f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in values.items()), ""]
    (folder / "bots.toml").write_text("\n".join(lines), encoding="utf-8")


@contextmanager
def _ledger(installation: "Installation") -> Iterator[str]:
    """Serve the ledger and yield its address."""
    from simulators.process import running

    books = installation.standins.database(TARGET)
    with running(TARGET, books, options=("--sessions", str(SESSIONS))) as ledger:
        yield ledger.url


def _played(installation: "Installation", paper: Paper, *, workers: int) -> int:
    """Start the workers and a run that leaves its items to them, kill one in the middle; return the run's exit code."""
    command = [sys.executable, "-m", "understudy.main", "--folder", str(installation.folder)]
    paper.line(f"{workers} workers, {SESSIONS} logins; one worker is killed half-way.")
    crew = subprocess.Popen([*command, "worker", "--bots", BOT, "--processes", str(workers)])
    run = subprocess.Popen([*command, "run", BOT, "--leave-to-workers"])
    try:
        killed = False
        while run.poll() is None:
            time.sleep(LOOK)
            killed = killed or _kill_one(installation, paper)
        return run.returncode
    finally:
        for process in (run, crew):  # whatever ends the demonstration ends them too
            process.send_signal(signal.SIGTERM)
            process.wait()


def _kill_one(installation: "Installation", paper: Paper) -> bool:
    """Kill a worker in the middle of an item, once half of the items are through; tell whether it was done."""
    from core.store import items, runs

    with installation.database.reading() as tx:
        states = runs.count_states(tx, BOT)
        held = items.held(tx, bot=BOT)
    if not held or states.get("pending", 0) > sum(states.values()) / 2:
        return False
    process = int(held[0].worker.split(":")[-2])
    paper.line(f"Half of them are through: kill -9 of worker process {process}, in the middle of an item.")
    os.kill(process, signal.SIGKILL)
    return True


def _pushed_out(installation: "Installation") -> int:
    """Return how many sessions the ledger has ended because too many were open."""
    from understudy.demonstration import simulator

    books = installation.standins.database(TARGET)
    told: int = json.loads(simulator(TARGET, "snapshot", "--db", str(books), "--json", "--times"))[
        "sessions_pushed_out"
    ]
    return told


def _show_sessions(installation: "Installation", paper: Paper, *, before: int) -> int:
    """Say whether the ledger ever had to end a session but that of the killed worker; return how many more it were."""
    ended = _pushed_out(installation) - before
    more = max(ended - 1, 0)
    paper.line(
        f"The ledger had to end {ended} session(s) to let another in: that of the killed worker."
        if ended == 1
        else f"The ledger had to end {ended} sessions to let others in.",
        style=Style.BAD if more else Style.PLAIN,
    )
    return more
