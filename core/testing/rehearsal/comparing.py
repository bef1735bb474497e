"""What targets hold after two plays, compared: the same records, in whatever order and under whatever numbers.

A system numbers records as they come, and a crash changes their order. So a number that a receipt tells is replaced
by what the receipt is for; a record that no receipt accounts for keeps its own.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

NOT_COMPARED = frozenset({"login_attempts"})  # a bot that is started again logs in again
_MOST_TOLD = 5  # differences of one target
_WIDEST = 240  # letters of a record that is told


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A receipt as the store has it."""

    effect: str
    key: str
    receipt: Any  # JSON data


def differences(
    target: str,
    *,
    expected: Mapping[str, Any],
    expected_proofs: Sequence[Proof],
    found: Mapping[str, Any],
    found_proofs: Sequence[Proof],
) -> tuple[str, ...]:
    """Return in words what a target holds otherwise than expected; nothing when it holds the same."""
    should, holds = _comparable(expected, expected_proofs), _comparable(found, found_proofs)
    told = [
        sentence
        for name in sorted(should.keys() | holds.keys())
        for sentence in _differing(f"{target} {name}", should.get(name), holds.get(name))
    ]
    more = [f"{target}: and {len(told) - _MOST_TOLD} more differences"] if len(told) > _MOST_TOLD else []
    return (*told[:_MOST_TOLD], *more)


def _comparable(snapshot: Mapping[str, Any], proofs: Sequence[Proof]) -> dict[str, Any]:
    names = _names(proofs)
    return {name: _named(value, names, proofs) for name, value in snapshot.items() if name not in NOT_COMPARED}


def _names(proofs: Iterable[Proof]) -> dict[str, str]:
    """Return, by number, what it is the number of; a value that several receipts share is no number."""
    found: dict[str, set[str]] = {}
    for proof in proofs:
        for number in _numbers(proof):
            found.setdefault(number, set()).add(f"[{proof.effect} {proof.key}]")
    return {number: what.pop() for number, what in found.items() if len(what) == 1}


def _numbers(proof: Proof) -> list[str]:
    values = proof.receipt.values() if isinstance(proof.receipt, dict) else [proof.receipt]
    return [str(value) for value in values if isinstance(value, str | int) and not isinstance(value, bool)]


def _named(value: Any, names: Mapping[str, str], proofs: Sequence[Proof]) -> Any:
    if isinstance(value, dict):
        return {_name(key, names): _named(one, names, proofs) for key, one in value.items()}
    if isinstance(value, list):
        column = _number_column(value, proofs)
        return [_named(one if column is None else _renamed(one, column, names), names, proofs) for one in value]
    return _name(value, names) if isinstance(value, str) else value


def _name(text: str, names: Mapping[str, str]) -> str:
    return text if text.isdecimal() else names.get(text, text)  # bare digits may be anything: see _number_column


def _number_column(records: Sequence[Any], proofs: Sequence[Proof]) -> str | None:
    """Return the first field in which the target keeps bare numbers: no two alike, and all of some effect's there."""
    if not records or not all(isinstance(record, dict) for record in records):
        return None
    of_effects: dict[str, set[str]] = {}
    for proof in proofs:
        of_effects.setdefault(proof.effect, set()).update(n for n in _numbers(proof) if n.isdecimal())
    for name in records[0]:
        values = {str(record.get(name)) for record in records}
        if len(values) == len(records) and any(numbers and numbers <= values for numbers in of_effects.values()):
            return str(name)
    return None


def _renamed(record: Any, column: str, names: Mapping[str, str]) -> Any:
    return record | {column: names.get(str(record[column]), record[column])} if column in record else record


def _differing(where: str, expected: Any, found: Any) -> list[str]:
    if expected == found:
        return []
    if not isinstance(expected, list | None) or not isinstance(found, list | None):
        return [f"{where}: {_told(found)} instead of {_told(expected)}"]
    should, holds = Counter(map(_text, expected or [])), Counter(map(_text, found or []))
    return [f"{where} lacks {_short(text)}{_times(n)}" for text, n in sorted((should - holds).items())] + [
        f"{where} holds {_short(text)}{_times(n)} more" for text, n in sorted((holds - should).items())
    ]


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _told(value: Any) -> str:
    return _short(_text(value))


def _short(text: str) -> str:
    return text if len(text) <= _WIDEST else text[: _WIDEST - 1] + "…"


def _times(number: int) -> str:
    return "" if number == 1 else f", {number} times"
