"""What the scenarios share: the secrets of the ledger's stand-in, and the faults that befall crews, two at a time."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from core.testing.postgres import Postgres
from simulators.logins import DEMO_PASSWORD
from tests.scenarios import crews

TOGETHER = 2  # installations at a time


@pytest.fixture(autouse=True, scope="session")
def ledger_secrets() -> Iterator[None]:
    """Give every bot started here the robot's user name and password."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UNDERSTUDY_SECRET_LEDGER_USER", "robot")
        patch.setenv("UNDERSTUDY_SECRET_LEDGER_PASSWORD", DEMO_PASSWORD)
        yield


@pytest.fixture(scope="module")
def faults(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, postgres: Postgres
) -> Iterator[crews.Outcomes]:
    """What was wrong after each fault that this file's tests name, on the database they name; see crews.played."""
    folder = tmp_path_factory.mktemp("faults")
    asked = [item for item in request.session.items if item.path == request.path and "fault" in item.fixturenames]
    with ThreadPoolExecutor(TOGETHER) as pool:
        jobs = {}
        for item in asked:
            fault, database = item.callspec.params["fault"], item.callspec.params["database"]
            url = postgres.new_database() if database == "postgres" else "sqlite:///var/understudy.db"
            place = folder / f"{fault.__name__}-{database}"
            jobs[fault.__name__, database] = pool.submit(crews.played, place, url, fault)
        try:
            yield jobs
        finally:
            pool.shutdown(cancel_futures=True)
