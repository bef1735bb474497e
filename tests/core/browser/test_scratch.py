"""The private folder of a browser session."""

import os
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from core.browser.scratch import Scratch


def test_two_threads_leave_the_environment_as_it_was() -> None:
    """However the two overlap, TMPDIR is afterwards what it was before, not a folder that is gone."""
    before = os.environ.get("TMPDIR")
    ready = Barrier(2)

    def use(turn: int) -> None:
        scratch = Scratch()
        ready.wait()
        for _ in range(200):
            with scratch.as_tmpdir():
                assert os.environ["TMPDIR"] == str(scratch.folder), turn
        scratch.close()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(use, range(2)))
    assert os.environ.get("TMPDIR") == before
