"""One measurement: a bot of `made`, run once over so many items; the start of Python and loading are not counted."""

import tempfile
from pathlib import Path

from benchmarks.engine.children import options, spending, tell
from benchmarks.engine.made import make_installation
from core.installation import Installation


def main(*, bot: str, items: int, database: str | None = None) -> None:
    """Collect, work, balance, seal and sign; tell the seconds."""
    with tempfile.TemporaryDirectory() as name:
        folder = make_installation(Path(name), bot=bot, items=items, database=database)
        with Installation.open(folder) as installation:
            installation.start_logs(console=False)
            loaded = installation.bots(bot)[bot]
            assert installation.database.now()  # the tables are made
            with spending() as spent:
                report = installation.run(loaded, trigger="benchmark")
                installation.close()
        assert report.outcomes == {"done": items}, report
        assert report.exit_code == 0, report
    tell(items=items, computing=spent.computing, clock=spent.clock)


if __name__ == "__main__":
    main(**options())
