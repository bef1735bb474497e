"""The scenarios' secrets: those of the ledger's stand-in, in the environment of every process started here."""

from collections.abc import Iterator

import pytest

from simulators.logins import DEMO_PASSWORD


@pytest.fixture(autouse=True, scope="session")
def ledger_secrets() -> Iterator[None]:
    """Give every bot started here the robot's user name and password."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UNDERSTUDY_SECRET_LEDGER_USER", "robot")
        patch.setenv("UNDERSTUDY_SECRET_LEDGER_PASSWORD", DEMO_PASSWORD)
        yield
