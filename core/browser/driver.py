"""Playwright's driver: one process per thread, shared by all sessions of the thread, since there can be no second."""

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.browser.scratch import Scratch

if TYPE_CHECKING:
    from playwright.sync_api import Playwright


@dataclass(slots=True)
class Driver:
    """A running driver and the private folder everything it starts writes to."""

    playwright: "Playwright"
    scratch: Scratch
    users: int = 0  # sessions that hold it


_of_thread = threading.local()


def borrow() -> Driver:
    """Return this thread's driver, starting it when there is none; give it back when done."""
    driver: Driver | None = getattr(_of_thread, "driver", None)
    if driver is None:
        driver = _of_thread.driver = _started()
    driver.users += 1
    return driver


def give_back(driver: Driver) -> None:
    """End the driver when nobody else in this thread holds it."""
    driver.users -= 1
    if driver.users == 0:
        forget(driver)


def forget(driver: Driver) -> None:
    """End the driver whoever holds it: it is dead, or no longer needed."""
    if getattr(_of_thread, "driver", None) is driver:
        _of_thread.driver = None
    driver.playwright.stop()
    driver.scratch.close()


def _started() -> Driver:
    from playwright.sync_api import sync_playwright

    scratch = Scratch()
    with scratch.as_tmpdir():
        return Driver(playwright=sync_playwright().start(), scratch=scratch)
