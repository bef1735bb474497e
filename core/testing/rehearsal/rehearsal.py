"""The whole rehearsal: learn the boundaries, kill at each, start again, and judge by an undisturbed play."""

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from core.errors import ConfigError
from core.installation import Installation
from core.runtime import LoadedBot
from core.testing.rehearsal.comparing import differences
from core.testing.rehearsal.kills import Kill, kills
from core.testing.rehearsal.original import Original
from core.testing.rehearsal.place import put_up
from core.testing.rehearsal.play import Played, play

TOGETHER = 2  # plays at a time
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """How a play ended that was killed at one boundary."""

    boundary: str
    killed: bool  # False: it never came there, and proves nothing
    runs: int  # how often the bot was started until nothing was left
    differences: tuple[str, ...]  # what targets and items are otherwise than undisturbed
    asked: tuple[str, ...]  # codes of questions to people that were not asked undisturbed; no difference by itself
    trouble: str | None  # why the last run did not end well: a balance, a failure, a stop
    trail: tuple[str, ...]  # what is wrong with the trail
    seconds: float

    @property
    def good(self) -> bool:
        """Whether it ended as if nothing had happened."""
        return self.killed and not self.differences and self.trouble is None and not self.trail


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """What a rehearsal found."""

    bot: str
    version: str
    at: datetime
    documents: dict[str, str]  # the samples that were used: SHA-256 by name
    targets: dict[str, str]  # the module of each stand-in, by target
    items: dict[str, int]  # undisturbed, how many ended in each state
    effects: int  # confirmed, undisturbed
    boundaries: int  # different ones, of which `judged` may be some
    judged: tuple[Judged, ...]
    seconds: float

    @property
    def good(self) -> bool:
        """Whether every play ended as the undisturbed one."""
        return all(one.good for one in self.judged)

    def data(self) -> dict[str, Any]:
        """Return the report as JSON data."""
        return {
            **asdict(self),
            "at": self.at.isoformat(timespec="seconds"),
            "good": self.good,
            "judged": [{**asdict(one), "good": one.good} for one in self.judged],
        }


def rehearse(
    installation: Installation,
    bot: LoadedBot,
    *,
    folder: Path,
    progress: Progress,
    only: Sequence[str] = (),
    chosen: Sequence[str] = (),
) -> Rehearsal:
    """Rehearse a bot in new installations below `folder`, which is there.

    `only` chooses boundaries, and `chosen` samples, by words that their names hold; left out, all are taken. Raises
    ConfigError when the bot cannot be rehearsed, when the undisturbed play does not end balanced or changes nothing,
    or when two undisturbed plays differ.
    """
    began = time.monotonic()
    theatre = _Theatre(Original.of(installation, bot, chosen=chosen), folder)
    progress("learning the boundaries", 0, 0)
    undisturbed = theatre.learn()
    learned = [process.reached for process in undisturbed.processes]
    every, wanted = kills(learned), kills(learned, only=only)
    if not wanted:
        reached = ", ".join(kill.boundary for kill in every)
        raise ConfigError([f"no boundary is named like {' or '.join(only)}; reached: {reached}"])
    states = list(undisturbed.states.values())
    return Rehearsal(
        bot=bot.name,
        version=bot.version,
        at=installation.clock.now(),
        documents={path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in theatre.original.documents},
        targets={name: one.module for name, one in theatre.original.stand_ins.items()},
        items={state: states.count(state) for state in sorted(set(states))},
        effects=sum(map(len, undisturbed.proofs.values())),
        boundaries=len(every),
        judged=tuple(theatre.judge(wanted, undisturbed, progress)),
        seconds=round(time.monotonic() - began, 1),
    )


class _Theatre:
    """Where plays take place."""

    def __init__(self, original: Original, folder: Path) -> None:
        self.original = original
        self._folder = folder
        self._browser = original.browser

    def learn(self) -> Played:
        """Play undisturbed, twice at the same time, and return the first; raise ConfigError as `rehearse` does."""
        with _pool() as pool:
            first, second = [pool.submit(self._undisturbed, name) for name in ("undisturbed", "undisturbed-again")]
            (played, before), (again, _) = first.result(), second.result()
        self._browser = self._folder / "undisturbed" / "var" / "browser.json"
        _refuse(self.original.bot, played, before)
        if differing := _differences(played, again):
            found = "; ".join(differing)
            raise ConfigError([f"two undisturbed plays of {self.original.bot.name} do not end alike: {found}"])
        return played

    def judge(self, wanted: list[Kill], undisturbed: Played, progress: Progress) -> Iterator[Judged]:
        """Play once for each kill and yield how it ended, in order."""
        with _pool() as pool:
            jobs = [pool.submit(self._killed, number, kill, undisturbed) for number, kill in enumerate(wanted, start=1)]
            for job in jobs:
                progress("rehearsing crashes", sum(map(Future.done, jobs)), sum(not one.done() for one in jobs))
                yield job.result()

    def _undisturbed(self, name: str) -> tuple[Played, dict[str, Any]]:
        with put_up(self.original, self._folder / name, browser=self._browser) as place:
            before = place.snapshots()
            return play(place, kill=None), before

    def _killed(self, number: int, kill: Kill, undisturbed: Played) -> Judged:
        """Play with a kill at the boundary's last coming, or, where it does not come so often this time, at its first.

        How often a worker looks for work depends on how long its items take.
        """
        began = time.monotonic()
        played = self._play(f"killed-{number:02}", kill)
        if not played.killed and kill.count > 1:
            played = self._play(f"killed-{number:02}-at-first", replace(kill, count=1))
        return judged(kill, played, undisturbed, seconds=round(time.monotonic() - began, 1))

    def _play(self, name: str, kill: Kill) -> Played:
        with put_up(self.original, self._folder / name, browser=self._browser) as place:
            return play(place, kill=kill)


@contextmanager
def _pool() -> Iterator[ThreadPoolExecutor]:
    pool = ThreadPoolExecutor(TOGETHER)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def judged(kill: Kill, played: Played, undisturbed: Played, *, seconds: float) -> Judged:
    """Judge a play by the undisturbed one."""
    return Judged(
        boundary=kill.boundary,
        killed=played.killed,
        runs=len(played.runs),
        differences=_differences(undisturbed, played),
        asked=tuple(sorted((played.asked - undisturbed.asked).elements())),
        trouble=played.trouble,
        trail=played.trail,
        seconds=seconds,
    )


def _differences(expected: Played, found: Played) -> tuple[str, ...]:
    told = [
        sentence
        for target in expected.snapshots
        for sentence in differences(
            target,
            expected=expected.snapshots[target],
            expected_proofs=expected.proofs.get(target, ()),
            found=found.snapshots[target],
            found_proofs=found.proofs.get(target, ()),
        )
    ]
    for reference in sorted(expected.states.keys() | found.states.keys()):
        should, state = (states.get(reference, "not there") for states in (expected.states, found.states))
        if should != state:
            told.append(f"item {reference[:24]} is {state} instead of {should}")
    return tuple(told)


def _refuse(bot: LoadedBot, played: Played, before: dict[str, Any]) -> None:
    """Raise ConfigError for an undisturbed play that nothing could be compared with."""
    home = f"bots/{bot.name}/samples/"
    if played.trouble is not None:
        raise ConfigError([f"undisturbed, {bot.name} does not end balanced: {played.trouble}. Mend that first"])
    if not played.states:
        raise ConfigError([f"{bot.name} has no samples, and its collect offers nothing; put documents into {home}"])
    if played.trail:
        raise ConfigError([f"undisturbed, the trail of {bot.name} is not whole: {played.trail[0]}"])
    if not _changed(played, before):
        targets = ", ".join(played.snapshots)
        raise ConfigError(
            [
                f"undisturbed, {bot.name} changes nothing in {targets}, so nothing is proven by a crash; add a sample "
                f"that goes through to {home}, or data that fits the samples to {home}rehearsal/TARGET.json"
            ]
        )


def _changed(played: Played, before: dict[str, Any]) -> bool:
    return any(
        differences(name, expected=before[name], expected_proofs=(), found=after, found_proofs=())
        for name, after in played.snapshots.items()
    )
