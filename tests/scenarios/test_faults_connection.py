"""The connection to PostgreSQL is lost around a commit: the worker cannot know whether it was carried out."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from core.testing.postgres import Postgres
from tests.scenarios import crews, harness
from tests.scenarios.cutting import AFTER, BEFORE, cutting

TOGETHER = 2  # installations at a time


def cut(folder: Path, server: Postgres, *, at: int, moment: str) -> str:
    """Cut the connection around one commit of a short run; return what was wrong.

    The worker goes on by itself. Only while it opens the store it may end and say so: the next run makes it good.
    """
    with cutting(server.socket) as way:
        url = way.url(server.new_database())
        crew = crews.assembled(folder, url, vouchers=1, lag=2, settle="3s")  # looking too early would double
        way.cut_next(at, moment)
        first = harness.run(crew.folder, crews.BOT)
        wrote = way.commits[at - 1]
        if first.code == 0:
            found = crew.wrong_now()
        else:
            found = crew.wrong()
            found += [f"the worker did not go on: {first.errors[-300:]}"] if "INSERT INTO about" not in wrote else []
    return f"{moment} commit {at}, {wrote}: {found}" if found else ""


def test_the_connection_is_lost_around_every_commit(tmp_path: Path, postgres: Postgres) -> None:
    """Before it is carried out, and after it before its answer: of an intent, a receipt and everything else."""
    with cutting(postgres.socket) as way:
        crew = crews.assembled(tmp_path / "learned", way.url(postgres.new_database()), vouchers=1)
        way.cut_next(0, BEFORE)
        assert harness.run(crew.folder, crews.BOT).code == 0
        number = len(way.commits)
        assert [wrote for wrote in way.commits if "INSERT INTO effect" in wrote]
        assert [wrote for wrote in way.commits if "UPDATE effect" in wrote]
    with ThreadPoolExecutor(TOGETHER) as pool:
        jobs = [
            pool.submit(cut, tmp_path / f"{moment}-{at}", postgres, at=at, moment=moment)
            for at in range(1, number + 1)
            for moment in (BEFORE, AFTER)
        ]
        wrong = [job.result() for job in jobs]
    assert [one for one in wrong if one] == []
