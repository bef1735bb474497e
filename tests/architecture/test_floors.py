"""Who may import whom."""

import ast
import subprocess
import sys

import grimp
import pytest

from tests.architecture.source import PACKAGES, ROOT, files, parsed, shown


def test_imports_point_down_only() -> None:
    """Every contract of .importlinter is kept."""
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()", "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[done.stdout.find("Contracts") :] + done.stderr


def test_there_are_no_import_cycles(monkeypatch: pytest.MonkeyPatch) -> None:
    """No module imports itself over others, imports inside functions counted."""
    for name in [name for name in sys.modules if name.partition(".")[0] in PACKAGES]:
        monkeypatch.delitem(sys.modules, name)  # another installation's bots and targets may be mounted here
    present = [name for name in PACKAGES if any((ROOT / name).rglob("*.py"))]
    graph = grimp.build_graph(*present, exclude_type_checking_imports=True, cache_dir=None)
    found = _cycles({module: graph.find_modules_directly_imported_by(module) for module in graph.modules})
    assert found == []


def test_one_module_knows_the_scheduler_library() -> None:
    """APScheduler wakes and computes; what becomes of it is decided by rows, so one file alone imports it."""
    knowing = {
        shown(path)
        for path in files()
        for node in ast.walk(parsed(path))
        if (isinstance(node, ast.ImportFrom) and (node.module or "").startswith("apscheduler"))
        or (isinstance(node, ast.Import) and any(name.name.startswith("apscheduler") for name in node.names))
    }
    assert knowing == {"schedules/clockwork.py"}


def _cycles(imports: dict[str, set[str]]) -> list[list[str]]:
    """Return every group of modules that import each other: Tarjan's strongly connected components."""
    order: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(module: str) -> None:
        order[module] = lowest[module] = len(order)
        stack.append(module)
        for other in imports[module]:
            if other not in order:
                visit(other)
                lowest[module] = min(lowest[module], lowest[other])
            elif other in stack:
                lowest[module] = min(lowest[module], order[other])
        if lowest[module] == order[module]:
            group = stack[stack.index(module) :]
            del stack[stack.index(module) :]
            if len(group) > 1 or module in imports[module]:
                found.append(sorted(group))

    for module in sorted(imports):
        if module not in order:
            visit(module)
    return found
