"""Sessions and pace of targets: one code path on every database."""

from datetime import timedelta

from core.clock import FakeClock
from core.store import Database, slots

LEASE = timedelta(seconds=60)


def take(database: Database, holder: str, *, allowed: int = 2, target: str = "ledger") -> int | None:
    """Take a session for a worker."""
    with database.transaction(actor="system:test") as tx:
        slots.provide(tx, target, allowed=allowed)
        return slots.take(tx, target, allowed=allowed, holder=holder, lease=LEASE)


def test_no_more_sessions_are_had_than_are_allowed(database: Database) -> None:
    """The third waits until one is given back; another target has its own."""
    assert [take(database, worker) for worker in ("a", "b", "c")] == [1, 2, None]
    assert take(database, "c", target="other") == 1
    with database.transaction(actor="system:test") as tx:
        slots.give_back(tx, "ledger", holder="a")
    assert take(database, "c") == 1


def test_fewer_sessions_than_before_are_allowed_at_once(database: Database) -> None:
    """When bots.toml allows fewer, those above are not given out again."""
    assert [take(database, worker, allowed=3) for worker in ("a", "b", "c")] == [1, 2, 3]
    with database.transaction(actor="system:test") as tx:
        slots.give_back(tx, "ledger", holder="c")
    assert take(database, "d", allowed=2) is None


def test_who_has_a_session_is_given_the_same_again(database: Database) -> None:
    """The answer to its taking may have been lost with the connection; asking again takes no second one."""
    assert [take(database, worker) for worker in ("b", "a", "a", "b")] == [1, 2, 2, 1]
    assert take(database, "c") is None


def test_a_session_that_was_renewed_in_between_is_not_freed(database: Database, clock: FakeClock) -> None:
    """Freeing names the lease it saw; a session of nobody is not listed."""
    take(database, "a")
    with database.reading() as tx:
        (row,) = slots.held(tx)
    clock.tick(1)
    with database.transaction(actor="system:test") as tx:
        slots.renew(tx, holder="a", lease=LEASE)
        assert not slots.free(tx, row)
        (row,) = slots.held(tx)
        assert slots.free(tx, row)
        assert list(slots.held(tx)) == []


def test_items_begin_no_faster_than_the_pace(database: Database, clock: FakeClock) -> None:
    """The next one begins when the time between two has passed, whoever asks."""
    every = timedelta(seconds=2)

    def begin() -> bool:
        with database.transaction(actor="system:test") as tx:
            return slots.begin(tx, "ledger", every=every)

    assert [begin(), begin()] == [True, False]
    clock.tick(1.9)
    assert not begin()
    clock.tick(0.1)
    assert [begin(), begin()] == [True, False]
    with database.reading() as tx:
        assert slots.next_begin(tx, "ledger") == database.now() + every
        assert slots.next_begin(tx, "other") is None
