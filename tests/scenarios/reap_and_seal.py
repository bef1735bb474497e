"""Reaps and seals without a pause until `traps/open` is there: what every worker does, as often as it can be done."""

import json
import sys
from pathlib import Path

from core.installation import Installation
from core.runtime.host import new_worker_name
from core.runtime.reaper import reap


def main() -> int:
    """Run `reap_and_seal.py FOLDER BOT` and print how many turns were made and how many items released."""
    folder, name = Path(sys.argv[1]), sys.argv[2]
    worker = new_worker_name()
    turns = released = 0
    with Installation.open(folder) as installation:
        bot = installation.bots(name)[name]
        while not (folder / "traps" / "open").exists():
            released += reap(installation.database, bot, worker=worker, run_id=None, locks=installation.var / "locks")
            installation.seal(checkpoint=False)
            turns += 1
    sys.stdout.write(json.dumps({"turns": turns, "released": released}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
