"""Runs one bot of an installation once and prints how it ended: what a scheduler starts, for the scenarios."""

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from core.clock import Clock
from core.installation import Installation


def main() -> int:
    """Run `run_bot.py FOLDER BOT [dry] [late]`; late: on a host whose clock is an hour behind."""
    folder, name, *more = sys.argv[1:]
    behind = timedelta(hours=1 if "late" in more else 0)
    clock = Clock(now=lambda: datetime.now(UTC) - behind)
    with Installation.open(Path(folder), clock=clock) as installation:
        installation.start_logs(console=True)
        report = installation.run(installation.bots(name)[name], trigger="system:scenario", dry="dry" in more)
    said = {
        "states": report.states,
        "outcomes": report.outcomes,
        "balances": {balance.name: list(balance.differences) for balance in report.balances},
        "stopped": report.stopped,
    }
    sys.stdout.write(json.dumps(said) + "\n")
    return int(report.exit_code)


if __name__ == "__main__":
    sys.exit(main())
