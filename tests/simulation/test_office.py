"""The shipped code on the real store, in worlds that go wrong everywhere; `make nightly` plays more of them."""

from collections import Counter
from dataclasses import replace

import pytest

from tests.simulation.faults import C1, HARD, Tally
from tests.simulation.office import CONTROLS, Office, office, play

WORLDS = range(40)
ITEMS = 500
HARD_WORLDS = range(100, 104)
HARD_ITEMS = 150
WORST = replace(HARD, late=0.3, pause=0.1)  # for the controls: what they leave out shows soon
BOUNDARIES = {
    "claim before",
    "attempt begun",
    "step read before",
    "step read after",
    "effect post before find",
    "effect post after find",
    "effect post found",
    "effect post before intent",
    "effect post after intent",
    "effect at the click",
    "awaiting the answer",
    "effect post before receipt",
    "effect post after receipt",
    "attempt ending",
    "attempt stored",
}


@pytest.mark.parametrize("seed", WORLDS)
def test_nothing_is_doubled_and_nothing_lost(seed: int) -> None:
    """Two workers, late commits, a lagging search, crashes and pauses everywhere: judged by the portal's books."""
    tally = play(ITEMS, seed=seed, rates=C1)
    assert (tally.doubled, tally.lost) == (0, 0), f"seed {seed}: {tally}"
    assert tally.done == tally.items


@pytest.mark.parametrize("seed", HARD_WORLDS)
def test_nor_when_the_store_fails_too(seed: int) -> None:
    """Every fault more often, a dying browser, and the store's connection lost around any commit."""
    tally = play(HARD_ITEMS, seed=seed, rates=HARD)
    assert (tally.doubled, tally.lost) == (0, 0), f"seed {seed}: {tally}"
    assert tally.done == tally.items


@pytest.mark.parametrize("control", CONTROLS)
def test_every_control_doubles(control: str) -> None:
    """The same code with one thing left out enters things twice within a few worlds, or this would prove nothing."""
    total = Tally()
    for seed in range(30):
        total += play(60, seed=seed, rates=WORST, rules=CONTROLS[control])
        if total.doubled:
            return
    pytest.fail(f"{control}: {total}")


def test_workers_die_at_every_boundary() -> None:
    """The world reaches them all, so that what is proven is proven everywhere."""
    died = Counter[str]()
    for seed in range(20):
        with office(40, seed=seed, rates=WORST) as world:
            world.play()
            died += world.died
        if died.keys() >= BOUNDARIES:
            break
    assert died.keys() == BOUNDARIES


def test_a_seed_tells_all() -> None:
    """The same seed plays the same world, to the second of every event."""
    assert _story(seed=7) == _story(seed=7) != _story(seed=8)


def _story(*, seed: int) -> list[tuple[str, str]]:
    with office(20, seed=seed, rates=HARD) as world:
        world.play()
        return _events(world)


def _events(world: Office) -> list[tuple[str, str]]:
    with world.database.reading() as tx:
        rows = tx.connection.exec_driver_sql("SELECT at, action FROM trail_event ORDER BY id").all()
    return [(row.at, row.action) for row in rows]
