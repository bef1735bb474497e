"""Personal data: proved while it is kept, gone when erased, and the chain verifies either way."""

from dataclasses import replace

import pytest
from sqlalchemy import Engine, select, update

from audit.actions import Act
from audit.errors import CommitmentUnknown
from audit.keys import Keyring
from audit.personal import commit, erase, reveal
from audit.sealer import seal
from audit.tables import trail_commitment, trail_event
from audit.trail import append
from audit.verify import verify
from tests.audit.conftest import NOW, some_event

NAME = "Wilhelmina Featherstonehaugh"


@pytest.fixture
def token(engine: Engine, keys: Keyring) -> str:
    """A committed name, named in a sealed event."""
    with engine.begin() as connection:
        token = commit(connection, NAME, kind="patient name", now=NOW)
        append(connection, [replace(some_event(), details={"patient": token})])
    seal(engine, now=NOW, keys=keys, checkpoint=True)
    return token


def problems(engine: Engine, keys: Keyring) -> tuple[str, ...]:
    with engine.connect() as connection:
        return verify(connection, public_keys=keys.public_keys()).problems


def actions(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return list(connection.execute(select(trail_event.c.action).order_by(trail_event.c.id)).scalars())


def test_the_value_is_not_in_the_trail(engine: Engine, token: str) -> None:
    """The event carries the token only."""
    with engine.connect() as connection:
        body = connection.execute(select(trail_event.c.body)).scalar_one()
    assert token in body
    assert NAME not in body


def test_the_same_value_gives_another_token(engine: Engine, token: str) -> None:
    """Two cases of one person cannot be linked by their tokens."""
    with engine.begin() as connection:
        assert commit(connection, NAME, kind="patient name", now=NOW) != token


def test_reading_a_value_is_an_event(engine: Engine, token: str) -> None:
    """Whoever may read it gets the value, and the trail says who read it and why."""
    with engine.begin() as connection:
        assert reveal(connection, token, actor="person:anna", reason="complaint 7", now=NOW) == NAME
    assert actions(engine)[-1] == Act.PERSONAL_REVEALED


def test_erasing_keeps_the_chain(engine: Engine, keys: Keyring, token: str) -> None:
    """After erasure nothing is left of value and salt, the trail says who and why, and still verifies."""
    with engine.begin() as connection:
        assert erase(connection, token, actor="person:anna", reason="UK GDPR Art. 17", now=NOW)
        assert not erase(connection, token, actor="person:anna", reason="again", now=NOW)
    with engine.begin() as connection:
        assert reveal(connection, token, actor="person:anna", reason="look", now=NOW) is None
        assert connection.execute(select(trail_commitment.c.salt)).scalar_one() is None
    seal(engine, now=NOW, keys=keys, checkpoint=True)
    assert actions(engine)[1:] == [Act.PERSONAL_ERASED, Act.PERSONAL_REVEALED]
    assert problems(engine, keys) == ()


def test_an_edited_value_is_found(engine: Engine, keys: Keyring, token: str) -> None:
    """A value exchanged in its table no longer opens the commitment."""
    with engine.begin() as connection:
        connection.execute(update(trail_commitment).values(value="Somebody Else"))
    (problem,) = problems(engine, keys)
    assert "not what was committed" in problem


def test_an_erasure_that_was_not_logged_is_found(engine: Engine, keys: Keyring, token: str) -> None:
    """Destroying a value behind the trail's back shows."""
    with engine.begin() as connection:
        connection.execute(
            update(trail_commitment).values(salt=None, value=None, erased_at="2026-03-02T08:00:00.000000Z")
        )
    (problem,) = problems(engine, keys)
    assert "does not say by whom" in problem


def test_an_unknown_token_is_refused(engine: Engine) -> None:
    """A mistyped token is an error in words, and no event is written for it."""
    with engine.begin() as connection:
        for act in (reveal, erase):
            with pytest.raises(CommitmentUnknown, match="commitment:typo"):
                act(connection, "commitment:typo", actor="person:anna", reason="look", now=NOW)
    assert actions(engine) == []
