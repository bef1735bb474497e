"""The project's own source, parsed once for all tests of its shape."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("understudy", "core", "audit", "schedules", "simulators", "targets", "bots", "review")


def files(*packages: str) -> list[Path]:
    """Return every Python file of the packages, or of all of them."""
    return [path for name in packages or PACKAGES for path in sorted((ROOT / name).rglob("*.py"))]


@cache
def parsed(path: Path) -> ast.Module:
    """Return a file's syntax tree."""
    return ast.parse(path.read_text(encoding="utf-8"))


def shown(path: Path) -> str:
    """Return a path as it is written from the project's folder."""
    return path.relative_to(ROOT).as_posix()


def definitions(path: Path) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]]:
    """Yield every class, function and method with its dotted name; not what stands inside a function."""
    yield from _inside(parsed(path).body, "")


def _inside(
    body: list[ast.stmt], prefix: str
) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield prefix + node.name, node
        if isinstance(node, ast.ClassDef):
            yield from _inside(node.body, f"{prefix}{node.name}.")
