"""Writing events: what goes in, what is refused, and that they share the fate of the change they describe."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, func, select

from audit.actions import Act
from audit.errors import EventRefused
from audit.tables import trail_event
from audit.trail import append, canonical, instant, moment
from tests.audit.conftest import some_event


def stored(engine: Engine) -> list[dict[str, Any]]:
    with engine.connect() as connection:
        rows = connection.execute(select(trail_event.c.body).order_by(trail_event.c.id))
        return [json.loads(row.body) for row in rows]


def test_an_event_is_stored_with_its_columns_and_its_body(engine: Engine) -> None:
    """What an event says is found in its body, and the searchable parts in columns too."""
    with engine.begin() as connection:
        append(connection, [some_event(7)])
    with engine.connect() as connection:
        row = connection.execute(select(trail_event)).one()
    assert (row.at, row.actor, row.action) == ("2026-03-02T09:00:00.000000Z", "bot:invoices@abc123", "step.done")
    assert (row.bot, row.item_id, row.run_id) == ("invoices", 7, 1)
    assert json.loads(row.body) == {
        "action": "step.done",
        "actor": "bot:invoices@abc123",
        "at": "2026-03-02T09:00:00.000000Z",
        "bot": "invoices",
        "details": {"outcome": "done", "step": "read"},
        "item_id": 7,
        "reference": "INV-7",
        "run_id": 1,
    }


def test_events_vanish_with_a_transaction_that_is_rolled_back(engine: Engine) -> None:
    """An event never outlives the change it describes."""
    with engine.connect() as connection:
        transaction = connection.begin()
        append(connection, [some_event()])
        transaction.rollback()
    assert stored(engine) == []


def test_writing_no_events_is_allowed(engine: Engine) -> None:
    """An empty list writes nothing and does not fail."""
    with engine.begin() as connection:
        append(connection, [])
    assert stored(engine) == []


def test_a_decimal_keeps_its_exact_text(engine: Engine) -> None:
    """An amount is stored as it was written, with its trailing zeros."""
    with engine.begin() as connection:
        append(connection, [replace(some_event(), details={"gross": Decimal("120.50")})])
    assert stored(engine)[0]["details"] == {"gross": "120.50"}


@pytest.mark.parametrize(
    "value", [1.5, Decimal("NaN"), Decimal("Infinity"), datetime(2026, 1, 1, tzinfo=UTC), [1], {"a": 1}, b"x"]
)
def test_a_detail_that_is_not_plain_is_refused(engine: Engine, value: Any) -> None:
    """Floats, lists and objects are refused by name, and nothing of the batch is written."""
    with engine.begin() as connection, pytest.raises(EventRefused, match="amount"):
        append(connection, [some_event(), replace(some_event(), details={"amount": value})])
    assert stored(engine) == []


def test_an_unknown_action_is_refused(engine: Engine) -> None:
    """Only actions of the closed list enter the trail; a mere text is not one."""
    event = replace(some_event(), action="item.eaten")  # type: ignore[arg-type]
    with engine.begin() as connection, pytest.raises(EventRefused, match=r"item\.eaten"):
        append(connection, [event])


def test_an_actor_without_a_kind_is_refused(engine: Engine) -> None:
    """An actor says whether it is a bot, a person or a system."""
    with engine.begin() as connection, pytest.raises(EventRefused, match="person:"):
        append(connection, [replace(some_event(), actor="anna")])


def test_a_moment_without_a_zone_is_refused(engine: Engine) -> None:
    """A naive datetime could mean any hour and is refused."""
    with engine.begin() as connection, pytest.raises(EventRefused, match="time zone"):
        append(connection, [replace(some_event(), at=datetime(2026, 3, 2, 9, 0))])  # noqa: DTZ001


def test_half_a_character_is_refused(engine: Engine) -> None:
    """A lone surrogate from a broken document cannot be stored and is refused in words."""
    with engine.begin() as connection, pytest.raises(EventRefused, match="half a character"):
        append(connection, [replace(some_event(), details={"name": "\ud800"})])


def test_every_action_has_a_dotted_name_and_a_sentence() -> None:
    """Each action can be explained to a reader."""
    for act in Act:
        assert act.value.count(".") == 1
        assert act.meaning.endswith(".")
        assert len(act.value) <= 40


scalars = st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=("Cs",)))


@given(st.dictionaries(st.text(st.characters(exclude_categories=("Cs",))), scalars))
def test_canonical_text_depends_on_content_only(details: dict[str, Any]) -> None:
    """The same content gives the same text, whatever the order it was built in, and reads back equal."""
    backwards = dict(reversed(list(details.items())))
    assert canonical(details) == canonical(backwards)
    assert json.loads(canonical(details)) == details


@given(st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30))])))
def test_instants_sort_as_text_and_read_back(at: datetime) -> None:
    """A stored instant is the same moment in UTC, always of one length."""
    if not datetime(2, 1, 1, tzinfo=UTC) < at < datetime(9998, 1, 1, tzinfo=UTC):
        return
    assert len(instant(at)) == 27
    assert moment(instant(at)) == at


def test_an_id_is_never_given_twice(engine: Engine) -> None:
    """The id of a deleted newest row is not used again, so a deletion cannot hide."""
    with engine.begin() as connection:
        append(connection, [some_event(1), some_event(2)])
        connection.execute(trail_event.delete().where(trail_event.c.item_id == 2))
        append(connection, [some_event(3)])
        assert connection.execute(select(func.max(trail_event.c.id))).scalar_one() == 3
