"""What befalls workers that share a database, and how it ends: nothing twice, nothing lost, on both databases."""

import pytest

from audit.actions import Act
from tests.scenarios import crews, harness
from tests.scenarios.crews import KILL, STOP, Crew


def two_of_four_are_killed(crew: Crew) -> None:
    """One right before it enters a voucher, one right after."""
    crew.trap("enter", KILL)
    crew.trap("entered", KILL)
    crew.start(4, meet=4)
    assert sorted(worker.ended() for worker in crew.workers) == [harness.KILLED, harness.KILLED, 0, 0]


def one_stands_still_past_its_lease(crew: Crew) -> None:
    """Stopped right before it enters a voucher: while its host knows that it lives, nobody takes its item."""
    trap = crew.trap("enter", STOP)
    crew.start(2, meet=2)
    stopped = crew.caught(trap)
    crew.until(lambda: stopped.stopped and crew.lapsed())
    (other,) = [worker for worker in crew.workers if worker is not stopped]
    assert other.ended() == 0
    assert crew.states() == {"done": crew.vouchers - 1, "in_progress": 1}
    stopped.go_on()
    assert stopped.ended() == 0


def two_on_another_host_stand_still_past_their_leases(crew: Crew) -> None:
    """Their items are taken over; what they do when they wake is refused at the fence."""
    traps = [crew.trap("find", STOP), crew.trap("entered", STOP)]
    crew.start(2, folder=crews.another_host(crew), meet=2)
    stopped = [crew.caught(trap) for trap in traps]
    crew.until(lambda: all(worker.stopped for worker in stopped) and crew.lapsed() == 2)
    (here,) = crew.start(1)
    assert here.ended() == 0
    assert crew.states() == {"done": crew.vouchers}
    for worker in stopped:
        worker.go_on()
        assert worker.ended() == 0


def two_reap_and_seal_at_once(crew: Crew) -> None:
    """What a dead worker held comes back once, however many look for it, and the trail stays one chain."""
    busy = [crew.start_reaper_and_sealer() for _ in range(2)]
    trap = crew.trap("enter", KILL)
    workers = crew.start(2, meet=2)
    crew.caught(trap)
    assert sorted(worker.ended() for worker in workers) == [harness.KILLED, 0]
    crew.until(lambda: crew.happened(Act.ITEM_RELEASED) > 0)
    crew.open_traps()
    assert [worker.ended() for worker in busy] == [0, 0], [worker.told for worker in busy]
    assert crew.happened(Act.ITEM_RELEASED) == 1


FAULTS = [
    (two_of_four_are_killed, "sqlite"),
    (two_of_four_are_killed, "postgres"),
    (one_stands_still_past_its_lease, "sqlite"),
    (one_stands_still_past_its_lease, "postgres"),
    (two_on_another_host_stand_still_past_their_leases, "postgres"),  # SQLite serves one host only
    (two_reap_and_seal_at_once, "sqlite"),
    (two_reap_and_seal_at_once, "postgres"),
]


@pytest.mark.parametrize(("fault", "database"), FAULTS, ids=crews.named)
def test_nothing_twice_and_nothing_lost(faults: crews.Outcomes, fault: crews.Fault, database: str) -> None:
    """Every item ends, every voucher stands once in the book, the trail is whole and the balances hold."""
    assert faults[fault.__name__, database].result() == []
