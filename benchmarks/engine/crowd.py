"""A hundred simulated workers on one PostgreSQL that has seen much: their rate, and how long a claim takes."""

import os
import time
from typing import Any

from benchmarks import Bars
from benchmarks.engine.children import answer, start
from benchmarks.engine.filled import fill
from benchmarks.entering import computing
from core.store import postgres
from core.testing.postgres import Postgres

FINISHED = 100_000
READY = 20_000
WORKERS = 100
PROCESSES = 2  # they and the server share this machine's cores
POOL = 12  # connections per process
WORK = 0.5  # seconds an item takes its worker; the bars are judged with it
SHORT = 0.2  # seconds; this one shows how much the machine can do
WARM, WINDOW = 8.0, 20.0  # seconds before it counts, and while it counts


def hundred_workers(bars: Bars, server: Postgres) -> None:
    """Let them work, first at a pace two cores can serve, then at one that tells the most they can."""
    print(f"\n{WORKERS} simulated workers on PostgreSQL: {FINISHED:,} items finished, {READY:,} ready")
    print(f"  durable; {PROCESSES} processes with {POOL} connections each, max_connections {server.max_connections}")
    most = postgres.CONNECTIONS + postgres.SPARE
    print(f"  (a real worker has {postgres.CONNECTIONS} connections of its own, {most} at most)")
    print("  a claim is taken along with the end of the item before, in one commit; its time is that of both")
    url = server.new_database("workers")
    run_id = fill(url, bot="plain", finished=FINISHED, ready=READY)
    share, p95 = _work(server, url, run_id, work=WORK)
    _work(server, url, run_id, work=SHORT)
    bars.at_least(f"engine: rate of {WORKERS} workers against the ideal", share, 0.8, "%")
    bars.at_most(f"engine: claim p95 of {WORKERS} workers", p95, 50.0, "ms")


def first_process(server: Postgres) -> int:
    """Return the id of the process all others of the server descend from."""
    return int((server.folder / "postmaster.pid").read_text(encoding="utf-8").split()[0])


def _work(server: Postgres, url: str, run_id: int, *, work: float) -> tuple[float, float]:
    """Print what they did; return the share of the ideal rate, and the claims' p95 in milliseconds."""
    begin = time.time() + WARM
    shared: dict[str, Any] = {"url": url, "pool": POOL, "bot": "plain", "run_id": run_id, "work": work}
    shared |= {"workers": WORKERS // PROCESSES, "begin": begin, "until": begin + WINDOW}
    crews = [start("workers", **shared) for _ in range(PROCESSES)]
    time.sleep(max(0.0, begin - time.time()))
    before = computing(first_process(server))
    time.sleep(max(0.0, begin + WINDOW - time.time()))
    served = computing(first_process(server)) - before
    told = [answer(crew) for crew in crews]
    claims = sorted(took for one in told for took in one["claims"])
    worked, ideal, rate = sum(one["computing"] for one in told), WORKERS / work, len(claims) / WINDOW
    p50, p95 = (1000 * claims[int(len(claims) * share)] for share in (0.5, 0.95))
    print(
        f"  {work:g} s of work: {rate:.0f} items/s of an ideal {ideal:.0f}; claim p50 {p50:.1f} ms, p95 {p95:.1f} ms\n"
        f"    computing: workers {worked / WINDOW:.2f} of {os.cpu_count()} cores, server {served / WINDOW:.2f}; "
        f"an item {1000 * worked / len(claims):.2f} ms and {1000 * served / len(claims):.2f} ms",
        flush=True,
    )
    return rate / ideal, p95
