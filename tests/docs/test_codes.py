"""docs/reference/codes.md has every code, and no code that is gone."""

import ast
import re

from tests.architecture.source import ROOT, files, parsed, shown

CODE = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*")
SOURCES = ("core", "audit", "targets", "bots", "understudy")

# Capital words that are no codes: variables of the environment, levels, words of databases and documents.
OTHER = {
    "BEGIN",
    "CREDENTIALS_DIRECTORY",
    "CRITICAL",
    "DEBIAN_FRONTEND",
    "DEBUG",
    "DIFFERS",
    "ERROR",
    "EURO",
    "EUROS",
    "FIELD",
    "FILE",
    "HELD",
    "IBAN",
    "INFO",
    "LC_ALL",
    "LD_LIBRARY_PATH",
    "MALLOC_ARENA_MAX",
    "MEND",
    "NFKC",
    "NFKD",
    "OILS",
    "PATH",
    "PROBLEM",
    "PYDANTIC_DISABLE_PLUGINS",
    "TMPDIR",
    "VARIABLE",
    "WARNING",
}
_VARIABLE = re.compile(r"UNDERSTUDY_|PLAYWRIGHT_|LEDGER_")


def test_every_code_has_an_entry_and_every_entry_a_code() -> None:
    """What the program can say and what the page explains are the same codes."""
    page = (ROOT / "docs" / "reference" / "codes.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| ([A-Z][A-Z0-9_]+) \|", page, re.MULTILINE)
    assert len(listed) == len(set(listed)), "a code stands twice"
    said = _said()
    assert {code: where for code, where in said.items() if code not in listed} == {}, "said, not listed"
    assert set(listed) - said.keys() == set(), "listed, said nowhere"


def _said() -> dict[str, str]:
    found: dict[str, str] = {}
    for path in files(*SOURCES):
        metavars = {id(word.value) for word in ast.walk(parsed(path)) if _names_an_argument(word)}
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in metavars:
                for code in _codes(node.value):
                    found.setdefault(code, shown(path))
    exported = re.findall(r'"([A-Z_]+)"', (ROOT / "understudy" / "__init__.py").read_text(encoding="utf-8"))
    return {code: where for code, where in found.items() if code not in {*OTHER, *exported} and _is_ours(code)}


def _codes(text: str) -> list[str]:
    """A code is a whole constant, or starts a sentence of the command line: `DATABASE: the store ...`."""
    if CODE.fullmatch(text) and 4 <= len(text) <= 40:
        return [text]
    start = re.match(rf"({CODE.pattern}): ", text)
    return [start[1]] if start and len(start[1]) > 3 else []


def _names_an_argument(node: ast.AST) -> bool:
    return isinstance(node, ast.keyword) and node.arg == "metavar"


def _is_ours(code: str) -> bool:
    return not _VARIABLE.match(code)
