"""The private folder of a browser session."""

import os
from threading import Event, Thread

from core.browser.scratch import Scratch


def test_two_threads_leave_the_environment_as_it_was() -> None:
    """The second waits for the first: TMPDIR is afterwards what it was before, not a folder that is gone."""
    before = os.environ.get("TMPDIR")
    first, second = Scratch(), Scratch()
    inside, left = Event(), Event()

    def overlap() -> None:
        with second.as_tmpdir():
            inside.set()
            left.wait(5)

    thread = Thread(target=overlap)
    with first.as_tmpdir():
        thread.start()
        assert not inside.wait(0.3)
    left.set()
    thread.join()
    first.close()
    second.close()
    assert os.environ.get("TMPDIR") == before
