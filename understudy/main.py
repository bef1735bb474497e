"""The `understudy` command: finds the subcommand, and turns every error into a sentence and an exit code.

Nothing heavy is loaded here; each subcommand is a file in `understudy/commands`, imported when it is asked for.
"""

import gc
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from understudy.commands import COMMANDS

PROGRAM = "understudy"
USAGE = 2  # exit code for a command that was typed wrongly, as every command line has it


class Commands(TyperGroup):
    """The subcommands by name; their files are imported one at a time, and none for the list of them."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return every name, in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Import the subcommand's file and return it; None when there is no such subcommand."""
        if cmd_name not in COMMANDS:
            return None
        command = typer.main.get_command(import_module(COMMANDS[cmd_name].module).app)
        command.name = cmd_name
        return command

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the list of subcommands from their table."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, command.sentence) for name, command in COMMANDS.items()])


app = typer.Typer(
    name=PROGRAM,
    cls=Commands,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(no_args_is_help=True)
def root(
    ctx: typer.Context,
    folder: Annotated[
        Path, typer.Option("--folder", metavar="DIR", help="The installation: a folder with a bots.toml.")
    ] = Path(),
) -> None:
    """Bots that rehearse, act exactly once, and hand every doubt to a person."""
    ctx.obj = folder


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and end the process with its exit code."""
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # what else is installed changes no validation here
    gc.freeze()
    gc.set_threshold(200_000, 20, 20)  # loading modules makes many objects and no garbage
    code = run(sys.argv[1:] if arguments is None else arguments)
    gc.freeze()  # nor is what is left searched once more when the process ends
    sys.exit(code)


def run(arguments: Sequence[str]) -> int:
    """Run the command line and return its exit code; every error becomes a sentence on standard error."""
    try:
        code = app(list(arguments), prog_name=PROGRAM, standalone_mode=False)
        return code if isinstance(code, int) else 0
    except KeyboardInterrupt:
        return _told("Interrupted. What was begun is in the store; the next run goes on from there.", 130)
    except Exception as error:  # noqa: BLE001 - the last place an error can be told in a sentence
        return _answer(error, _folder(arguments))


def _answer(error: Exception, folder: Path) -> int:
    """Say what went wrong and return the exit code for it."""
    if isinstance(error, typer.Abort):
        return _told("Interrupted.", 130)
    if hasattr(error, "format_message") and hasattr(error, "show"):  # a mistyped command line
        error.show()
        return USAGE
    from understudy.shown.errors import explained

    told = explained(error)
    return _told(*told) if told is not None else _unexpected(error, folder)


def _unexpected(error: Exception, folder: Path) -> int:
    """Keep the whole story in the log, where there is one, and say in a sentence where it is."""
    from loguru import logger

    from understudy.opening import logs_of

    logs = logs_of(folder)
    story = f"The whole story is in {logs}." if logs is not None else "The whole story is above."
    logger.opt(exception=error).error("A command failed in a way it does not provide for")
    place = _place(error, folder)
    what = f"{place} failed" if place is not None else "This should not have happened"
    return _told(f"{what}: {type(error).__name__}. {story} Running again repeats nothing that is proven.", 1)


def _place(error: Exception, folder: Path) -> str | None:
    """Return file and line of the installation's own bot or target where the error arose, if it did there."""
    import traceback

    plug_ins = tuple(str((folder / name).absolute()) for name in ("bots", "targets"))
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.startswith(plug_ins)]
    return f"{frames[-1].filename}, line {frames[-1].lineno}, in {frames[-1].name}" if frames else None


def _told(sentence: str, code: int) -> int:
    typer.echo(sentence, err=True)
    return code


def _folder(arguments: Sequence[str]) -> Path:
    for position, word in enumerate(arguments):
        if word == "--folder" and position + 1 < len(arguments):
            return Path(arguments[position + 1])
        if word.startswith("--folder="):
            return Path(word.removeprefix("--folder="))
    return Path()


if __name__ == "__main__":
    main()
