"""The look at the trail: what is new every minute, the whole once a day."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from audit.actions import Act
from audit.keys import Keyring
from audit.sealer import seal
from audit.tables import trail_event, trail_seal
from core.clock import FakeClock
from core.errors import StoreUnavailable
from core.model.notices import Alert
from core.store import Database, signs
from core.testing.stage import NOON
from schedules.watching.trail import TrailLook

DAY = timedelta(days=1)


@dataclass
class Place:
    """A store with its keys, sealed by whoever looks."""

    database: Database
    clock: FakeClock
    keys: Keyring

    def look(self, *, host: str = "app1", sealing: Callable[[], None] | None = None) -> TrailLook:
        """Return the look of a watch that has just begun."""
        return TrailLook(self.database, keys=lambda: self.keys, seal=sealing or self.seal, host=host, every=DAY)

    def seal(self, *, checkpoint: bool = False) -> None:
        """Seal as an installation does."""
        with self.database.lent() as connection:
            seal(connection, now=self.database.now(), keys=self.keys, checkpoint=checkpoint)

    def events(self, number: int) -> None:
        """Let something happen, sealed and signed."""
        for _ in range(number):
            with self.database.transaction(actor="system:test") as tx:
                tx.note(Act.LOGIN_ENDED, target="ledger")
        self.seal(checkpoint=True)

    def edit(self, event: int) -> None:
        """Change an event behind the program's back."""
        with self.database.transaction(actor="system:test") as tx:
            changed = trail_event.update().where(trail_event.c.id == event)
            tx.connection.execute(changed.values(body=trail_event.c.body.concat(" ")))

    def verified(self) -> list[str]:
        """Return what the trail says of verifications of the whole."""
        with self.database.reading() as tx:
            found = sa.select(trail_event.c.body).where(trail_event.c.action == Act.TRAIL_VERIFIED)
            return list(tx.connection.execute(found).scalars())


@pytest.fixture(params=["sqlite", "file", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """A trail of twenty events."""
    clock = FakeClock(NOON)
    urls = {"sqlite": lambda: "sqlite://", "file": lambda: f"sqlite:///{tmp_path}/store.db"}
    url = urls.get(request.param, lambda: request.getfixturevalue("postgres").new_database())()
    database = Database.open(url, clock=clock.clock())
    made = Place(database, clock, Keyring.open(tmp_path / "keys"))
    made.events(20)
    yield made
    database.close()


def test_a_watch_begins_with_the_whole_and_repeats_it_daily(place: Place) -> None:
    """The whole is verified when nobody ever did, then again after a day; in between only what is new."""
    look = place.look()
    look.turn()
    assert (list(look.findings()), look.looked, len(place.verified())) == ([], True, 1)
    for hour in range(1, 25):
        place.clock.tick(timedelta(hours=1))
        place.events(1)
        look.turn()
        assert len(place.verified()) == (1 if hour < 24 else 2)
    assert list(look.findings()) == []


def test_a_watch_that_is_started_anew_goes_on(place: Place) -> None:
    """The whole was verified an hour ago, by a watch on any host: it is not done again."""
    place.look().turn()
    place.clock.tick(timedelta(hours=23))
    again = place.look(host="app2")
    again.turn()
    assert len(place.verified()) == 1
    place.clock.tick(timedelta(hours=1))
    again.turn()
    assert len(place.verified()) == 2
    with place.database.reading() as tx:
        assert signs.all_of(tx, "trail").keys() == {"app1", "app2"}


def test_what_is_changed_behind_the_mark_is_found_at_the_next_turn(place: Place) -> None:
    """An event that came since the last look was edited."""
    look = place.look()
    look.turn()
    place.events(3)
    place.edit(22)
    look.turn()
    (found,) = look.findings()
    assert (found.alert, found.subject) == (Alert.TRAIL_BROKEN, "trail")
    assert "is not what was sealed" in found.says


def test_what_was_changed_long_ago_is_found_with_the_whole(place: Place) -> None:
    """It takes a day at most; then the whole is verified every hour, until it is in order again."""
    look = place.look()
    look.turn()
    place.edit(5)
    look.turn()
    assert list(look.findings()) == []
    place.clock.tick(DAY)
    look.turn()
    assert "event 5 " in next(look.findings()).says
    assert '"whole":false' in place.verified()[-1]
    with place.database.reading() as tx:
        assert signs.all_of(tx, "trail")["app1"] == NOON, "of when it was last whole"
    place.clock.tick(timedelta(minutes=59))
    look.turn()
    assert len(list(look.findings())) == 1
    with place.database.transaction(actor="system:test") as tx:
        mended = sa.func.rtrim(trail_event.c.body)
        tx.connection.execute(trail_event.update().where(trail_event.c.id == 5).values(body=mended))
    place.clock.tick(timedelta(minutes=1))
    look.turn()
    assert list(look.findings()) == []


def test_a_trail_that_is_not_signed_any_more_is_found(place: Place) -> None:
    """The sealer sees that the trail is not what was signed with these keys before, and signs no more."""
    if place.database.engine.url.database in (None, ""):
        pytest.skip("of a store in memory nothing is remembered")
    look = place.look()
    look.turn()
    with place.database.transaction(actor="system:test") as tx:
        tx.connection.execute(trail_seal.update().where(trail_seal.c.seq == 20).values(hash=bytes(32)))
        tx.note(Act.LOGIN_ENDED, target="ledger")
    place.clock.tick(timedelta(minutes=6))
    look.turn()
    assert list(look.findings())


def test_while_the_store_is_away_what_was_found_stays(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A turn that cannot read says so and changes nothing."""
    look = place.look()
    look.turn()
    place.events(3)
    place.edit(22)
    look.turn()

    def away() -> None:
        raise StoreUnavailable("it is down")

    monkeypatch.setattr(look, "_seal", away)
    with pytest.raises(StoreUnavailable):
        look.turn()
    assert len(list(look.findings())) == 1


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_fails_is_not_taken_for_a_trail_in_order(place: Place) -> None:
    """Whoever asks what it found hears that nobody looks any more."""

    def broken() -> None:
        raise ZeroDivisionError

    look = place.look(sealing=broken)
    with look.looking():
        pass
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        list(look.findings())


def test_the_thread_looks_and_ends(place: Place) -> None:
    """Inside it looks from a thread of its own, and at the end the thread is gone."""
    sealed = threading.Event()
    look = place.look(sealing=sealed.set)
    with look.looking():
        assert sealed.wait(10)
    assert not [thread for thread in threading.enumerate() if thread.name == "trail"]
    assert look.looked
