"""The report of a rehearsal, as text."""

from collections.abc import Iterator, Mapping
from typing import Any

from understudy.shown.paper import Paper, Style
from understudy.shown.run import in_words


def show_rehearsal(data: Mapping[str, Any]) -> None:
    """Write how it ended, then a row for each boundary, then what differs in full."""
    paper = Paper()
    judged = data["judged"]
    bad = [one for one in judged if not one["good"]]
    ending = f"killed {len(judged)} times, {len(bad)} END OTHERWISE" if bad else f"killed {len(judged)} times, no harm"
    style = Style.BAD if bad else Style.GOOD
    paper.line(f"{data['bot']} {data['version']}: {ending}", style=style)
    paper.pairs([
        ("undisturbed", f"{data['effects']} effects confirmed; items: {in_words(data['items'])}"),
        ("stand-ins", ", ".join(f"{name} ({module})" for name, module in data["targets"].items())),
        ("samples", ", ".join(data["documents"]) or "the cases the bot finds by itself"),
        ("boundaries", f"{data['boundaries']}, of which {len(judged)} were rehearsed, in {data['seconds']:.0f} s"),
    ])  # fmt: skip
    paper.line()
    heads = ("", "killed at", "runs", "targets and items", "balances", "trail")
    paper.table(heads, (_row(one) for one in judged))
    for one in bad:
        paper.heading(f"Killed at {one['boundary']}")
        for sentence in _whole(one):
            paper.line(sentence, indent=2)
    if data["evidence"] is not None:
        paper.line(f"The report is kept as evidence {data['evidence']}.")


def _row(one: Mapping[str, Any]) -> tuple[object, ...]:
    held = "the same" if not one["differences"] else f"{len(one['differences'])} DIFFERENT"
    asked = f"; a person was asked: {', '.join(one['asked'])}" if one["asked"] else ""
    return (
        "ok" if one["good"] else "MEND",
        one["boundary"] if one["killed"] else f"{one['boundary']} (NEVER REACHED)",
        one["runs"],
        held + asked,
        "hold" if one["trouble"] is None else "DO NOT HOLD",
        "whole" if not one["trail"] else "NOT WHOLE",
    )


def _whole(one: Mapping[str, Any]) -> Iterator[str]:
    if not one["killed"]:
        yield "it did not come to this boundary, so nothing was proven; is the bot the same at every run?"
    yield from one["differences"]
    if one["trouble"] is not None:
        yield one["trouble"]
    yield from one["trail"]
