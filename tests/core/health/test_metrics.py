"""The figures as Prometheus reads them."""

from pathlib import Path

import pytest
from sqlalchemy import func, select

from audit.keys import Keyring
from audit.sealer import seal
from audit.tables import trail_event
from core.clock import FakeClock
from core.config import Config, read_config
from core.health.exposition import CONTENT, written
from core.health.measured import measured
from core.health.metrics import LABELS, Supervised, families
from core.model.items import ItemState
from core.model.runs import AttemptOutcome
from core.store import Database, signs
from core.testing.stage import NOON
from tests.core.store.filled import PERSONAL, fill

parser = pytest.importorskip("prometheus_client.parser")

TOML = """
[targets.book]
[bots.clerk]
targets = ["book"]
[bots.idle]
targets = ["book"]
[bots.off]
enabled = false
"""
Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """Two bots on one target, and one that is not enabled."""
    (tmp_path / "bots.toml").write_text(TOML)
    return read_config(tmp_path, environment={})


def told(database: Database, config: Config) -> str:
    """Return the metrics as text."""
    with database.reading() as tx:
        read = measured(tx, config)
    text, content_type = written(families(read, free=10, supervised=Supervised(running=2, restarts=3)))
    assert content_type == CONTENT
    return text.decode()


def samples(text: str) -> Samples:
    """Read the metrics as Prometheus does; every family must have its kind and its meaning."""
    found: Samples = {}
    for family in parser.text_string_to_metric_families(text):
        assert family.type in ("gauge", "counter"), family
        assert family.documentation, family
        for sample in family.samples:
            key = sample.name, tuple(sorted(sample.labels.items()))
            assert key not in found, "a sample stands twice"
            found[key] = sample.value
    return found


def test_what_is_there_is_told(database: Database, clock: FakeClock, config: Config, tmp_path: Path) -> None:
    """Each figure has its name, its labels and its value."""
    fill(database, clock)
    with database.reading() as tx:
        events = tx.connection.execute(select(func.count()).select_from(trail_event)).scalar_one()
    assert samples(told(database, config))["understudy_trail_unsealed_events", ()] == events > 0
    with database.engine.connect() as connection:
        seal(connection, now=database.now(), keys=Keyring.open(tmp_path / "keys"), checkpoint=True)
    with database.transaction(actor="system:test") as tx:
        for name in ("scheduler:one", "trail:one"):
            signs.give(tx, name)
    found = samples(told(database, config))
    clerk, book = ("bot", "clerk"), ("target", "book")
    noon = NOON.timestamp()
    expected: Samples = {
        ("understudy_store_up", ()): 1,
        ("understudy_disk_free_bytes", ()): 10,
        ("understudy_up_running", ()): 2,
        ("understudy_up_restarts_total", ()): 3,
        ("understudy_measured_timestamp_seconds", ()): noon + 60,
        ("understudy_items", (clerk, ("state", "pending"))): 4,
        ("understudy_attempts_total", (clerk, ("outcome", "done"))): 1,
        ("understudy_items_ready", (clerk,)): 3,
        ("understudy_items_ready_oldest_timestamp_seconds", (clerk,)): noon,
        ("understudy_effects_uncertain", (clerk, book)): 1,
        ("understudy_effects_uncertain_oldest_timestamp_seconds", (clerk, book)): noon + 60,
        ("understudy_cases_open", (clerk,)): 1,
        ("understudy_cases_open_oldest_timestamp_seconds", (clerk,)): noon + 60,
        ("understudy_bot_held", (clerk,)): 0,
        ("understudy_target_held", (book,)): 1,
        ("understudy_system_errors_in_a_row", (clerk,)): 1,
        ("understudy_starts_late", (clerk,)): 2,
        ("understudy_starts_overdue", (clerk,)): 1,
        ("understudy_last_run_exit_code", (clerk,)): 1,
        ("understudy_last_run_end_timestamp_seconds", (clerk,)): noon + 60,
        ("understudy_last_run_duration_seconds", (clerk,)): 60,
        ("understudy_trail_unsealed_events", ()): 0,
        ("understudy_trail_checkpoint_timestamp_seconds", ()): noon + 60,
        ("understudy_trail_verified_timestamp_seconds", ()): noon + 60,
        ("understudy_scheduler_sign_timestamp_seconds", ()): noon + 60,
    }
    assert {key: found.get(key) for key in expected} == expected
    assert {name for name, _ in found} - {name for name, _ in expected} == {"understudy_build_info"}


def test_a_bot_that_did_nothing_yet_has_zeros_and_no_instants(database: Database, config: Config) -> None:
    """So that an alert on a rise sees the first one; one that is not enabled has nothing."""
    text = told(database, config)
    found = samples(text)
    for state in ItemState:
        assert found["understudy_items", (("bot", "idle"), ("state", str(state)))] == 0
    for outcome in AttemptOutcome:
        assert found["understudy_attempts_total", (("bot", "idle"), ("outcome", str(outcome)))] == 0
    assert found["understudy_trail_unsealed_events", ()] == 0
    assert not [name for name, _ in found if "oldest" in name or "last_run" in name or "sign" in name]
    assert 'bot="off"' not in text


def test_no_label_and_no_value_tells_of_a_case_or_a_person(
    database: Database, clock: FakeClock, config: Config
) -> None:
    """Labels are bots, targets, states and outcomes and no others; nothing of what a case or a hold says comes out."""
    fill(database, clock)
    text = told(database, config)
    labels = {name for _, pairs in samples(text) for name, _ in pairs}
    assert labels == LABELS | {"version"}
    assert {pairs for name, pairs in samples(text) if "version" in dict(pairs)} == {
        pairs for name, pairs in samples(text) if name == "understudy_build_info"
    }
    values = {value for _, pairs in samples(text) for name, value in pairs if name != "version"}
    words = {str(word) for kind in (ItemState, AttemptOutcome) for word in kind}
    assert values <= words | {"clerk", "idle", "book"}
    assert PERSONAL.split()[0] not in text


def test_without_a_store_what_needs_none_is_told() -> None:
    """That the store did not answer is a figure too."""
    found = samples(written(families(None, free=5))[0].decode())
    assert {name: value for (name, _), value in found.items()} == {
        "understudy_build_info": 1,
        "understudy_store_up": 0,
        "understudy_disk_free_bytes": 5,
    }


def test_a_reader_gets_the_format_it_asks_for() -> None:
    """Prometheus asks for OpenMetrics and gets it."""
    text, content_type = written(families(None, free=5), accept="application/openmetrics-text; version=1.0.0")
    assert content_type.startswith("application/openmetrics-text")
    assert text.endswith(b"# EOF\n")
