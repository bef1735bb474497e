"""A recorded attempt beside what today's code makes of it: every difference in ending, checks, plans and amount."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from core.model.differences import Difference, differing
from core.model.digests import plain
from core.model.effects import Planned
from core.model.outcomes import Outcome, Waiver
from core.model.replays import CheckSeen, Made, Recorded

_DONE = "done"
_PASSED = str(Outcome.PASSED)


def differences(then: Recorded, now: Made) -> tuple[Difference, ...]:
    """Return what would be another, the ending first; empty when nothing would."""
    return (
        *_of_ending(then, now),
        *_of_checks(then, now),
        *_of_plans(then, now),
        *_of_amount(then, now),
        *_of_result(then, now),
    )


def _of_ending(then: Recorded, now: Made) -> Iterator[Difference]:
    was, will = then.ending, now.ending
    if was.words != will.words:
        yield Difference(where="ending", was=was.words, now=will.words)
        if will.reason is not None:
            yield Difference(where="reason", was=was.reason, now=will.reason)
        return
    yield from differing(was.reason, will.reason, "reason")
    if was.until is not None:
        yield from differing(plain(was.until), plain(will.until), "until")


def _of_checks(then: Recorded, now: Made) -> Iterator[Difference]:
    """A check that passes, or is not made, stands in nobody's way: between these two nothing differs."""
    was, will = _told(then.checks, then.waivers), _told(now.checks, then.waivers)
    for code in dict.fromkeys([*was, *will]):
        before, after = was.get(code), will.get(code)
        if not {_PASSED, before and before["outcome"], after and after["outcome"]} <= {_PASSED, None}:
            yield from differing(before, after, f"checks.{code}")


def _told(checks: Iterable[CheckSeen], waivers: Iterable[Waiver]) -> Mapping[str, dict[str, Any]]:
    given = {(waiver.code, waiver.digest) for waiver in waivers}
    seen: Counter[str] = Counter()
    told: dict[str, dict[str, Any]] = {}
    for check in checks:
        seen[check.code] += 1
        code = check.code if seen[check.code] == 1 else f"{check.code}.{seen[check.code]}"
        told[code] = {"outcome": str(check.outcome)}
        if check.outcome is not Outcome.PASSED:
            told[code]["message"] = check.message
        if (check.code, check.digest) in given:
            told[code]["waived"] = True
    return told


def _of_plans(then: Recorded, now: Made) -> Iterator[Difference]:
    names = dict.fromkeys([*then.plans, *now.plans])
    for name in names:
        was, will = then.plans.get(name), now.plans.get(name)
        if will is None and not then.ending.words == now.ending.words == _DONE:
            continue  # it was not reached, then or now, and the ending says why
        if will is not None and (name, will.plan_digest) in then.approvals:
            continue  # the very plan that a person approved then
        prefix = "" if len(names) == 1 else f"{name}."
        yield from differing(_plan(was), _plan(will), f"{prefix}plan")
        yield from differing(_place(was), _place(will), f"{prefix}effect")


def _plan(planned: Planned | None) -> Any:
    return None if planned is None else planned.plan


def _place(planned: Planned | None) -> Any:
    return None if planned is None else {"name": planned.name, "target": planned.target, "key": planned.key}


def _of_amount(then: Recorded, now: Made) -> Iterator[Difference]:
    if now.amount is None and then.claim.attempt > 1:
        return  # an earlier attempt may have said it
    if then.amount != now.amount:
        yield from differing(plain(then.amount), plain(now.amount), "amount")


def _of_result(then: Recorded, now: Made) -> Iterator[Difference]:
    if then.ending.words == now.ending.words == _DONE:
        yield from differing(then.result, now.result, "result")
