"""Faults by name: what goes wrong in a stand-in system, how often, and for how long.

A fault is written `NAME[:ARG...]`. An argument that is a whole number says how many times it strikes
(without one it strikes until it is switched off); a number followed by `s` is a time in seconds; a word
picks a variant. So `error-after-save:1` strikes once, and `late-commit:1:2s` makes one save appear two
seconds late. The faults in force live in the simulator's own database file, so they can be switched while
it runs: `POST /__faults` with a JSON list, or the `faults` command with the same file.
"""

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

TABLE = """
create table if not exists fault (
    id integer primary key,
    name text not null,
    variant text not null,
    seconds real not null,
    remaining integer          -- null: until switched off
)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One fault a simulator knows."""

    summary: str  # one sentence for people
    variants: tuple[str, ...] = ("",)  # the first is meant when none is named
    seconds: float = 0.0  # when the fault takes a time and none is named


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A fault in force."""

    name: str
    variant: str = ""
    seconds: float = 0.0
    count: int | None = None  # None: until switched off


COMMON_FAULTS: Mapping[str, Kind] = {
    "slow": Kind(
        summary="Every page (or only the answer to a save) takes this long.",
        variants=("page", "save"),
        seconds=5.0,
    ),
    "maintenance": Kind(summary="Every page is a 503 that says the system is down for maintenance."),
    "wrong-password": Kind(summary="The password has been changed: a login with the old one is refused."),
}


class UnknownFault(ValueError):
    """A fault was named that this simulator does not know, or its argument makes no sense."""


def parse(spec: str, kinds: Mapping[str, Kind]) -> Fault:
    """Read `NAME[:ARG...]`; raise UnknownFault naming what is allowed."""
    name, *arguments = spec.split(":")
    kind = kinds.get(name)
    if kind is None:
        raise UnknownFault(f"fault {name!r} is not known here; known: {', '.join(sorted(kinds))}")
    count, seconds, variant = None, kind.seconds, kind.variants[0]
    for argument in arguments:
        if argument.isdigit():
            count = int(argument)
        elif _is_seconds(argument):
            seconds = float(argument[:-1])
        elif argument in kind.variants:
            variant = argument
        else:
            allowed = ", ".join(v for v in kind.variants if v) or "none"
            raise UnknownFault(
                f"fault {spec!r}: {argument!r} is neither a count, a time such as 2s, "
                f"nor a variant (variants: {allowed})"
            )
    return Fault(name=name, variant=variant, seconds=seconds, count=count)


def _is_seconds(argument: str) -> bool:
    return argument.endswith("s") and argument[:-1].replace(".", "", 1).isdigit()


class FaultBook:
    """The faults in force, kept in the simulator's database."""

    def __init__(self, connection: sqlite3.Connection, kinds: Mapping[str, Kind]) -> None:
        self._connection = connection
        self._kinds = kinds
        connection.execute(TABLE)

    def replace(self, specs: Iterable[str]) -> None:
        """Put these faults in force and switch all others off; none: all is well."""
        faults = [parse(spec, self._kinds) for spec in specs]
        self._connection.execute("begin immediate")
        self._connection.execute("delete from fault")
        self._connection.executemany(
            "insert into fault (name, variant, seconds, remaining) values (?, ?, ?, ?)",
            [(fault.name, fault.variant, fault.seconds, fault.count) for fault in faults],
        )
        self._connection.execute("commit")

    def in_force(self) -> list[Fault]:
        """Return the faults still to strike."""
        rows = self._connection.execute(
            "select name, variant, seconds, remaining from fault where remaining is null or remaining > 0"
        )
        return [Fault(name=n, variant=v, seconds=s, count=c) for n, v, s, c in rows]

    def take(self, name: str, *variants: str) -> Fault | None:
        """Return the fault if it strikes now, and count it; with variants, only when it is one of them."""
        for key, found, variant, seconds, remaining in self._connection.execute(
            "select id, name, variant, seconds, remaining from fault where name = ? order by id", (name,)
        ).fetchall():
            if (variants and variant not in variants) or remaining == 0:
                continue
            if remaining is not None:
                self._connection.execute("update fault set remaining = remaining - 1 where id = ?", (key,))
            return Fault(name=found, variant=variant, seconds=seconds, count=remaining)
        return None
