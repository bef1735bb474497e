"""Where every exception may be caught: at the few places that have somewhere better to tell it."""

import ast

from tests.architecture.source import files, parsed, shown

ALLOWED = {
    "audit/evidence.py": "the driver of a remote store has errors of its own, of no common kind; they are translated",
    "core/checks/pack.py": "a broken rule is an outcome for a person, never an approval",
    "core/notify/notifier.py": "a channel that breaks must not keep the next from being tried; its delivery says so",
    "core/registry.py": "a bot's file can fail in any way while it loads; its author is told where",
    "core/runtime/attempt.py": "whatever a bot does wrong, its item ends where a person can see it",
    "core/runtime/replay.py": "what today's code fails on is told as how its item would end; the next is gone through",
    "schedules/maker.py": "one schedule's mistake must not keep every other bot from running; it is logged each time",
    "schedules/watching/watch.py": "a broken rule of the watch silences no other, and is an alert itself",
    "understudy/main.py": "the last place an error can be told in a sentence",
}


def test_catch_alls_stand_only_in_the_named_places() -> None:
    """`except Exception` and wider stand in the listed files, and in all of them; elsewhere only to raise it again."""
    found = {shown(path) for path in files() if any(map(_catches_all, ast.walk(parsed(path))))}
    assert found == ALLOWED.keys()


def _catches_all(node: ast.AST) -> bool:
    if not isinstance(node, ast.ExceptHandler) or _raises_again(node):
        return False
    kinds = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
    return any(kind is None or (isinstance(kind, ast.Name) and kind.id in _WIDE) for kind in kinds)


def _raises_again(handler: ast.ExceptHandler) -> bool:
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


_WIDE = {"Exception", "BaseException"}
