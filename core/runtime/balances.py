"""A run's three balances: what was counted in two different places must agree."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from core.model.effects import EffectRecord, EffectState
from core.model.items import ItemState
from core.model.runs import Balance
from core.runtime.loaded import Listed


def intake(*, listed: int, new: int, duplicate: int, quarantined: int) -> Balance:
    """What the source held, counted before storing, is what was stored, known already, or quarantined."""
    stored = new + duplicate + quarantined
    differences: tuple[str, ...] = ()
    if listed != stored:
        differences = (
            f"the source held {listed}, but {stored} were accounted for "
            f"({new} new, {duplicate} known already, {quarantined} quarantined)",
        )
    return Balance(
        name="intake",
        expected={"at the source": str(listed)},
        counted={"new": str(new), "duplicate": str(duplicate), "quarantined": str(quarantined)},
        differences=differences,
    )


def work(*, new: int, states: Mapping[str, tuple[int, int, Mapping[str, Decimal]]]) -> Balance:
    """The items taken in are the items in all states together; money is shown by state, unknown amounts apart."""
    counted: dict[str, str] = {}
    for state in ItemState:
        if state in states:
            number, unknown, money = states[state]
            sums = [f"{currency} {total:,.2f}" for currency, total in sorted(money.items())]
            if unknown:
                sums.append(f"{unknown} without an amount")
            counted[str(state)] = f"{number} ({', '.join(sums)})" if money else str(number)
    total = sum(number for number, _, _ in states.values())
    differences = () if total == new else (f"{new} items were taken in, {total} are in the store",)
    return Balance(name="work", expected={"taken in": str(new)}, counted=counted, differences=differences)


def target(effects: Sequence[EffectRecord], *, since: Iterable[int], listed: Iterable[Listed]) -> Balance:
    """Every receipt confirmed by the run's attempts is listed by the target, and the target lists nothing unknown.

    `effects` are all the bot's live effects; `since` the ids of those this run confirmed; an effect still in doubt
    may or may not be listed.
    """
    ours = set(since)
    confirmed = [(e, _numbers(e.receipt)) for e in effects if e.state is EffectState.CONFIRMED]
    known = frozenset[str]().union(*(numbers for _, numbers in confirmed))
    doubted = {e.key for e in effects if e.state is not EffectState.CONFIRMED}
    found = {record.receipt: record for record in listed}
    differences = [
        f"receipt {', '.join(sorted(_numbers(effect.receipt)))} for {effect.key} is not in the target's list"
        for effect in unlisted((e for e, _ in confirmed if e.id in ours), found.values())
    ]
    unknown = [r for number, r in found.items() if number not in known]
    differences += [
        f"the target lists {record.receipt} ({record.key or 'no reference'}), which no item accounts for"
        for record in unknown
        if record.key not in doubted
    ]
    in_doubt = sum(1 for record in unknown if record.key in doubted)
    return Balance(
        name="target",
        expected={"confirmed": str(len(ours))},
        counted={"listed": str(len(found)), "of these in doubt": str(in_doubt)}
        if in_doubt
        else {"listed": str(len(found))},
        differences=tuple(differences),
    )


def unlisted(confirmed: Iterable[EffectRecord], listed: Iterable[Listed]) -> list[EffectRecord]:
    """Return the confirmed effects whose receipts the target does not list."""
    found = {record.receipt for record in listed}
    return [effect for effect in confirmed if not _numbers(effect.receipt) & found]


def _numbers(receipt: object) -> frozenset[str]:
    """Every value of a receipt, any of which may be the number that the target lists."""
    return frozenset(map(str, receipt.values() if isinstance(receipt, dict) else [receipt]))
