"""`understudy metrics`: the figures of an installation, for Prometheus; printed, or as a file for its node exporter."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from understudy.commands import subcommand
from understudy.opening import opened

if TYPE_CHECKING:
    from core.health.measured import Measured
    from core.installation import Installation

app = subcommand()


@app.command()
def metrics(
    ctx: typer.Context,
    textfile: Annotated[
        Path | None,
        typer.Option("--textfile", metavar="FILE", help="Write this file whole, ending in .prom, instead of printing."),
    ] = None,
) -> None:
    """Tell the figures of an installation as Prometheus reads them.

    With --textfile for the node exporter's textfile collector, after a run that a timer or cron has started. Needs the
    extra `metrics`. Ends with 1, and writes that the store did not answer, when it does not.
    """
    from core.errors import ConfigError
    from core.health.exposition import written
    from core.health.measured import free_disk
    from core.health.metrics import families

    if textfile is not None and (textfile.suffix != ".prom" or not textfile.absolute().parent.is_dir()):
        raise ConfigError([f"--textfile {textfile}: expected a file ending in .prom, in a folder that is there"])
    with opened(ctx) as installation:
        read = figures_of(installation)
        text, _ = written(families(read, free=free_disk(installation.var)))
    if textfile is None:
        typer.echo(text.decode(), nl=False)
    else:
        from core.files.safewrite import write_bytes

        write_bytes(textfile.absolute(), text)
    raise typer.Exit(0 if read is not None else 1)


def figures_of(installation: "Installation") -> "Measured | None":
    """Read the figures; None when the store does not answer."""
    from core.errors import StoreUnavailable
    from core.health.measured import measured

    try:
        with installation.database.reading() as tx:
            return measured(tx, installation.config)
    except StoreUnavailable:
        return None
