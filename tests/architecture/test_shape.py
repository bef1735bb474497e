"""Sizes and names, so that every file can be read at one sitting."""

import ast
import re
from importlib.metadata import packages_distributions
from pathlib import Path

from tests.architecture.source import PACKAGES, ROOT, definitions, files, parsed, shown

LONGEST_FILE = 450  # lines
LONGEST_FUNCTION = 60  # lines, from def to its last


def test_files_stay_short() -> None:
    """No file is longer than 450 lines."""
    lengths = {shown(path): len(path.read_text(encoding="utf-8").splitlines()) for path in files()}
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_FILE} == {}


def test_functions_stay_short() -> None:
    """No function is longer than 60 lines."""
    long = {
        f"{shown(path)}: {name}": lines
        for path in files()
        for name, node in definitions(path)
        if not isinstance(node, ast.ClassDef) and (lines := _lines(node)) > LONGEST_FUNCTION
    }
    assert long == {}


def test_every_public_name_says_what_it_does() -> None:
    """Modules, and public classes, functions and methods, have a docstring."""
    silent = [
        f"{shown(path)}: {name}"
        for path in files()
        for name, node in definitions(path)
        if not re.search(r"(^|\.)_", name) and not _overloaded(node) and ast.get_docstring(node) is None
    ]
    silent += [
        shown(path) for path in files() if parsed(path).body and ast.get_docstring(parsed(path), clean=False) is None
    ]
    assert silent == []


def test_every_test_says_what_is_expected() -> None:
    """Each test has a docstring of one sentence."""
    silent = []
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for name, node in definitions(path):
            text = ast.get_docstring(node) or ""
            if name.rpartition(".")[2].startswith("test") and not text.rstrip().endswith((".", "?")):
                silent.append(f"{shown(path)}: {name}")
    assert silent == []


def test_no_dependency_owns_one_of_our_names() -> None:
    """Our top-level names are ours alone among what is installed, so nothing shadows anything."""
    owners = packages_distributions()
    foreign = {name: set(owners.get(name, [])) - {"understudy"} for name in (*PACKAGES, "bots", "targets")}
    assert {name: others for name, others in foreign.items() if others} == {}


def test_no_file_names_this_machine() -> None:
    """No path of a developer's machine and no registry's host stands in what is delivered."""
    told = re.compile(r"/(?:work|root|home)/[a-z]|(?:files\.)?pythonhosted\.org|pypi\.org|/opt/pypi")
    delivered = [*files(), *(ROOT / "docs").rglob("*.md"), *_at_the_root()]
    found = [shown(path) for path in delivered if told.search(path.read_text(encoding="utf-8"))]
    assert found == []


def _at_the_root() -> list[Path]:
    names = ("README.md", "CHANGELOG.md", "Makefile", "constraints.txt", "pyproject.toml", ".ci/run")
    return [ROOT / name for name in names]


def _lines(node: ast.AST) -> int:
    assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    return (node.end_lineno or node.lineno) - node.lineno + 1


def _overloaded(node: ast.AST) -> bool:
    decorators = getattr(node, "decorator_list", [])
    return any(isinstance(one, ast.Name) and one.id == "overload" for one in decorators)
