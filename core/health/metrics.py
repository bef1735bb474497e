"""The figures as families of metrics: names, meanings, labels and values, in no format yet.

Labels name bots, targets, states and outcomes, all of them words of bots.toml or of the program: never a case, a person
or an amount. Instants are given as such (seconds since 1970), not as ages, so that a file read later still says true
things: an age is `time() - instant`. What does not exist (no open case, no run yet) has no sample.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Literal

from core.health.measured import Measured
from core.model.items import ItemState
from core.model.runs import AttemptOutcome
from core.store.figures import Two, Waits

LABELS = frozenset({"bot", "target", "state", "outcome"})  # and no others, but for the version of the program


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """One metric: what it means, and its value for each set of labels."""

    name: str
    help: str
    kind: Literal["gauge", "counter"] = "gauge"
    labels: tuple[str, ...] = ()
    samples: tuple[tuple[tuple[str, ...], float], ...]  # values of the labels in order, and the value


@dataclass(frozen=True, slots=True, kw_only=True)
class Supervised:
    """What `understudy up` knows of its own processes."""

    running: int
    restarts: int


def families(measured: Measured | None, *, free: int, supervised: Supervised | None = None) -> Iterator[Family]:
    """Yield every family; without figures (the store did not answer) those that need none.

    `free` is the room on the disk in bytes.
    """
    yield Family(
        name="understudy_build_info",
        help="The version that runs; always 1.",
        labels=("version",),
        samples=(((_version(),), 1),),
    )
    yield _single("understudy_store_up", "1 when the store could be read, 0 when not.", measured is not None)
    yield _single("understudy_disk_free_bytes", "Room on the disk beneath var.", free)
    if supervised is not None:
        yield _single("understudy_up_running", "Processes of `understudy up` that run.", supervised.running)
        yield Family(
            name="understudy_up_restarts_total",
            help="How often `understudy up` has started a process again.",
            kind="counter",
            samples=(((), supervised.restarts),),
        )
    if measured is not None:
        yield _instant("understudy_measured_timestamp_seconds", "When these figures were read.", measured.at)
        yield from _of_items(measured)
        yield from _of_people(measured)
        yield from _in_the_way(measured)
        yield from _of_runs(measured)
        yield from _of_the_trail(measured)


def _of_items(measured: Measured) -> Iterator[Family]:
    yield Family(
        name="understudy_items",
        help="Items by bot and state.",
        labels=("bot", "state"),
        samples=_crossed(measured.items, measured.bots, [str(state) for state in ItemState]),
    )
    yield Family(
        name="understudy_attempts_total",
        help="Attempts that have ended, by bot and outcome.",
        kind="counter",
        labels=("bot", "outcome"),
        samples=_crossed(measured.attempts, measured.bots, [str(outcome) for outcome in AttemptOutcome]),
    )
    yield _by_bot("understudy_items_ready", "Items that a worker could take now.", measured, _numbers(measured.ready))
    yield Family(
        name="understudy_items_ready_oldest_timestamp_seconds",
        help="Since when the item that has waited longest could have been taken.",
        labels=("bot",),
        samples=tuple(((bot,), waits.oldest.timestamp()) for bot, waits in measured.ready.items()),
    )
    yield Family(
        name="understudy_effects_uncertain",
        help="Changes of which nobody knows whether they took.",
        labels=("bot", "target"),
        samples=tuple((names, waits.number) for names, waits in measured.doubts.items()),
    )
    yield Family(
        name="understudy_effects_uncertain_oldest_timestamp_seconds",
        help="When the oldest of them was intended.",
        labels=("bot", "target"),
        samples=tuple((names, waits.oldest.timestamp()) for names, waits in measured.doubts.items()),
    )


def _of_people(measured: Measured) -> Iterator[Family]:
    yield _by_bot("understudy_cases_open", "Cases that wait for people.", measured, _numbers(measured.cases))
    yield Family(
        name="understudy_cases_open_oldest_timestamp_seconds",
        help="When the case that has waited longest was opened.",
        labels=("bot",),
        samples=tuple(((bot,), waits.oldest.timestamp()) for bot, waits in measured.cases.items()),
    )


def _in_the_way(measured: Measured) -> Iterator[Family]:
    held = {bot: int(bot in measured.bots_held) for bot in measured.bots}
    yield _by_bot("understudy_bot_held", "1 while a hold stops the bot.", measured, held)
    yield Family(
        name="understudy_target_held",
        help="1 while a hold stops everything that acts on the target.",
        labels=("target",),
        samples=tuple(((name,), float(name in measured.targets_held)) for name in measured.targets),
    )
    yield _by_bot(
        "understudy_system_errors_in_a_row",
        "System errors since the last attempt without one; at the bot's stop_after the breaker holds it.",
        measured,
        measured.in_a_row,
    )
    yield _by_bot("understudy_starts_late", "Starts that are due and begun by nobody.", measured, measured.late)
    yield _by_bot(
        "understudy_starts_overdue", "Starts past their deadline that have not ended.", measured, measured.overdue
    )


def _of_runs(measured: Measured) -> Iterator[Family]:
    runs = measured.last_runs.items()
    yield Family(
        name="understudy_last_run_exit_code",
        help="Exit code of the newest run that has ended: 0 is green.",
        labels=("bot",),
        samples=tuple(((bot,), run.exit_code) for bot, run in runs),
    )
    yield Family(
        name="understudy_last_run_end_timestamp_seconds",
        help="When that run ended.",
        labels=("bot",),
        samples=tuple(((bot,), run.ended_at.timestamp()) for bot, run in runs),
    )
    yield Family(
        name="understudy_last_run_duration_seconds",
        help="How long that run took.",
        labels=("bot",),
        samples=tuple(((bot,), (run.ended_at - run.started_at).total_seconds()) for bot, run in runs),
    )


def _of_the_trail(measured: Measured) -> Iterator[Family]:
    yield _single("understudy_trail_unsealed_events", "Events of the trail that have no seal yet.", measured.unsealed)
    yield _instant(
        "understudy_trail_checkpoint_timestamp_seconds", "When the trail was last signed.", measured.checkpoint
    )
    yield _instant(
        "understudy_trail_verified_timestamp_seconds",
        "When the trail was last verified and found whole.",
        measured.verified,
    )
    for kind, at in measured.signs.items():
        yield _instant(f"understudy_{kind}_sign_timestamp_seconds", f"The last sign of life of a {kind}.", at)


def _single(name: str, told: str, value: float) -> Family:
    return Family(name=name, help=told, samples=(((), float(value)),))


def _instant(name: str, told: str, at: datetime | None) -> Family:
    return Family(name=name, help=told, samples=() if at is None else (((), at.timestamp()),))


def _by_bot(name: str, told: str, measured: Measured, values: Mapping[str, int]) -> Family:
    """Return a family with a sample for every bot, 0 where there is nothing to count."""
    bots = dict.fromkeys((*measured.bots, *values))
    return Family(name=name, help=told, labels=("bot",), samples=tuple(((bot,), values.get(bot, 0)) for bot in bots))


def _crossed(
    counted: Mapping[Two, int], bots: Iterable[str], words: Iterable[str]
) -> tuple[tuple[tuple[str, ...], float], ...]:
    """Return a sample for every bot with every word, 0 where there is none, and for whatever else was counted."""
    told = [(bot, word) for bot in bots for word in words]
    return tuple((names, counted.get(names, 0)) for names in dict.fromkeys((*told, *counted)))


def _numbers(waits: Mapping[str, Waits]) -> dict[str, int]:
    return {name: one.number for name, one in waits.items()}


def _version() -> str:
    try:
        return version("understudy")
    except PackageNotFoundError:  # run from its source, not installed
        return "unknown"
