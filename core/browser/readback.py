"""Reading values back from the screen, and naming how a shown value differs from the typed one."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from core.browser.seen import NAMES
from core.errors import BusinessException

_READING = (
    NAMES
    + r"""
const shown = el => {
  if (el.tagName === 'INPUT') {
    if (el.type === 'checkbox' || el.type === 'radio') return [el.checked ? 'checked' : 'unchecked'];
    if (el.type === 'file') return [[...el.files].map(f => f.name).join(', ')];
    if (el.type === 'password') return ['(hidden)'];
    return [el.value];
  }
  if (el.tagName === 'SELECT') {
    const chosen = [...el.selectedOptions];
    return [chosen.map(o => norm(o.label)).join(', '), chosen.map(o => o.value).join(', ')];
  }
  if (el.tagName === 'TEXTAREA') return [el.value];
  return [norm(el.innerText)];
};
const facts = label => [...document.querySelectorAll('dt,th')]
  .filter(el => norm(el.innerText) === label && visible(el))
  .map(el => el.nextElementSibling).filter(el => el && (el.tagName === 'DD' || el.tagName === 'TD'));
const read = label => {
  let found = named.filter(el => namesOf(el).includes(label));
  if (!found.length) found = facts(label);
  return {label, count: found.length, values: found.length === 1 ? shown(found[0]) : []};
};
"""
)

READ = (
    "(labels) => {"
    + _READING
    + "const all = labels.map(read); return all.every(r => r.count) ? JSON.stringify(all) : null; }"
)

READ_NOW = "(labels) => {" + _READING + "return labels.map(read); }"

# Leaves the last field, so that what the page does on leaving a field is done before it is read; then waits (at most
# `limit` ms) until the button can be clicked, and reads the fields at that moment.
READ_BACK = (
    "async (button, {labels, limit}) => {"
    + _READING
    + r"""
const obstacle = () => {
  if (!visible(button)) return 'hidden';
  if (button.disabled || button.getAttribute('aria-disabled') === 'true') return 'disabled';
  const box = button.getBoundingClientRect();
  const hit = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  return hit && (button.contains(hit) || hit.contains(button)) ? '' : 'covered';
};
if (document.activeElement && document.activeElement !== document.body) document.activeElement.blur();
await new Promise(done => setTimeout(done, 0));
button.scrollIntoView({block: 'nearest', behavior: 'instant'});
const until = performance.now() + limit;
while (obstacle() && performance.now() < until) await new Promise(done => setTimeout(done, 50));
return {obstacle: obstacle(), fields: labels.map(read)};
}"""
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One field as the screen shows it."""

    label: str
    count: int  # how many fields have the label; 1 is right
    values: tuple[str, ...]  # the ways the one value may be written: a choice has its words and its code

    @classmethod
    def all_from(cls, answer: Any) -> "list[Shown]":
        """Build the records from what a reading script returned."""
        return [cls(label=raw["label"], count=raw["count"], values=tuple(raw["values"])) for raw in answer]


def compare(shown: list[Shown], expecting: Mapping[str, str]) -> None:
    """Raise BusinessException READ_BACK_DIFFERS unless every field shows what it should."""
    problems, fields = [], []
    for field in shown:
        expected = expecting[field.label]
        kinds = [difference(expected, value) for value in field.values]
        if kinds and all(kinds):
            found = field.values[0]
            problems.append(
                f"{field.label!r} should show {expected!r} and shows {found!r}"
                f" ({kinds[0]}; {len(expected)} characters typed, {len(found)} shown)"
            )
            fields.append(field.label)
    if problems:
        raise BusinessException(
            "READ_BACK_DIFFERS",
            "The form does not show what was typed, so it was not sent: "
            + "; ".join(problems)
            + ". Enter it by hand, or correct the value to one that the system keeps as it is.",
            fields=fields,
        )


def difference(expected: str, found: str) -> str | None:
    """Name how a shown value differs from the typed one: None when it does not."""
    expected, found = _plain(expected), _plain(found)
    if expected == found:
        return None
    if not found:
        return "empty"
    if _same_number(expected, found):
        return "reformatted"
    if expected.startswith(found):
        return "shortened"
    if _core(expected) == _core(found) or _same_parts(expected, found):
        return "reformatted"
    return "different"


def _plain(value: str) -> str:
    return value.replace("\r\n", "\n").replace("\r", "\n").strip()


def _core(value: str) -> str:
    return re.sub(r"\W+", "", value).casefold()


def _same_parts(one: str, other: str) -> bool:
    """A date whose day, month and year were put in another order."""
    parts = [sorted(part.lstrip("0") for part in re.findall(r"\d+", value)) for value in (one, other)]
    return len(parts[0]) > 1 and parts[0] == parts[1]


def _same_number(one: str, other: str) -> bool:
    try:
        return Decimal(one.replace(",", "")) == Decimal(other.replace(",", ""))
    except InvalidOperation:
        return False
