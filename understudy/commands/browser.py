"""`understudy browser`: find a browser that works and remember it; install one where there is none."""

from typing import Annotated

import typer

from understudy.commands import subcommand
from understudy.opening import folder_of
from understudy.shown.paper import Paper, tell_json

app = subcommand()


@app.command()
def browser(
    ctx: typer.Context,
    install: Annotated[bool, typer.Option(help="Install one when none is found.")] = True,
    again: Annotated[bool, typer.Option("--again", help="Look again, whatever was found before.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Find a browser that works, or install one.

    Ends with 50, and says what to type, when there is none.
    """
    from core.browser import find_browser
    from core.config import FILE

    folder = folder_of(ctx)
    cache = folder / "var" / "browser.json" if (folder / FILE).is_file() else None
    found = find_browser(cache=cache, install=install, afresh=again)
    where = "Playwright's own Chromium" if found.executable is None else str(found.executable)
    if as_json:
        tell_json({"executable": found.executable, "version": found.version, "how": found.how})
    else:
        Paper().line(f"Browser: {where}, version {found.version} (found by {found.how})")
