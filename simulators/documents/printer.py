"""Prints templates to PDF through one headless Chromium."""

from __future__ import annotations

import re
from contextlib import AbstractContextManager
from datetime import date
from pathlib import Path
from types import SimpleNamespace, TracebackType
from typing import Self

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from playwright.sync_api import sync_playwright

_ARGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
_DATES = re.compile(rb"(/(?:CreationDate|ModDate) \(D:)\d{14}")


class Printer(AbstractContextManager["Printer"]):
    """One browser for all documents; `browser` is the executable, or None for Playwright's own."""

    def __init__(self, browser: str | None, dated: date) -> None:
        """Remember the browser; `dated` is written into every file as its creation date."""
        self._browser_path = browser
        self._stamp = dated.strftime("%Y%m%d").encode() + b"060000"
        self._templates = Environment(
            loader=FileSystemLoader(Path(__file__).parent / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def __enter__(self) -> Self:
        """Start the browser."""
        self._playwright = sync_playwright().start()
        try:
            self._browser = self._playwright.chromium.launch(executable_path=self._browser_path, args=list(_ARGS))
        except BaseException:
            self._playwright.stop()
            raise
        self._page = self._browser.new_context(java_script_enabled=False, offline=True).new_page()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the browser."""
        self._browser.close()
        self._playwright.stop()

    def html(self, template: str, view: SimpleNamespace) -> str:
        """Return the page as HTML."""
        return self._templates.get_template(f"{template}.html").render(d=view)

    def pdf(self, template: str, view: SimpleNamespace) -> bytes:
        """Print a template; the same view gives the same bytes with the same browser."""
        self._page.set_content(self.html(template, view))
        printed = self._page.pdf(prefer_css_page_size=True, print_background=True, tagged=False)
        return _DATES.sub(lambda found: found.group(1) + self._stamp, printed)
