"""Stands between workers and their PostgreSQL server and cuts a connection around one COMMIT.

Commits of transactions that wrote something are counted, in the order they come. When the one that was asked for comes,
the connection is cut `BEFORE` it is passed on, or `AFTER` the server has carried it out but before its answer is told:
the worker cannot know which of the two it was.
"""

import shutil
import socket
import struct
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

BEFORE, AFTER = "before", "after"

_SOCKET = ".s.PGSQL.5432"


@dataclass(kw_only=True)
class Cutting:
    """Which commit is cut, and what was seen."""

    server: Path  # the server's socket
    folder: Path  # of the socket that workers are given
    at: int = 0  # the number of the commit to cut; 0: none
    moment: str = BEFORE
    commits: list[str] = field(default_factory=list)  # what each committed transaction had written
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def url(self, url: str) -> str:
        """Return a database's URL over this way."""
        return f"{url.partition('?')[0]}?host={self.folder}"

    def cut_next(self, at: int, moment: str) -> None:
        """Count from now on, and cut around the commit with this number; 0: around none."""
        with self._lock:
            self.commits.clear()
            self.at, self.moment = at, moment

    def due(self, wrote: str) -> bool:
        """Count a commit; tell whether it is the one to cut."""
        with self._lock:
            self.commits.append(wrote)
            return len(self.commits) == self.at

    def serve(self, listener: socket.socket) -> None:
        """Take connections until the listener is closed."""
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(str(self.server))
                _Way(self, client, server).open()


@contextmanager
def cutting(server: Path) -> Iterator[Cutting]:
    """Open a way to the server's socket that cuts no connection yet."""
    folder = Path(tempfile.mkdtemp(prefix="cut-"))  # short: a socket's path has 107 characters
    way = Cutting(server=server, folder=folder)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / _SOCKET))
        listener.listen()
        threading.Thread(target=way.serve, args=(listener,), daemon=True).start()
        try:
            yield way
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            shutil.rmtree(folder)


class _Way:
    """One connection: two threads, one for each direction."""

    def __init__(self, cutting: Cutting, client: socket.socket, server: socket.socket) -> None:
        self._cutting = cutting
        self._client = client
        self._server = server
        self._queries: dict[bytes, str] = {}  # statements by the name they were prepared under
        self._wrote: list[str] = []
        self._silent = threading.Event()  # the answer to the commit is awaited and not passed on

    def open(self) -> None:
        for direction in (self._up, self._down):
            threading.Thread(target=direction, daemon=True).start()

    def _up(self) -> None:
        with suppress(OSError, EOFError):
            self._server.sendall(_startup(self._client))
            while True:
                kind, body = _message(self._client)
                if self._commits(kind, body) and self._cutting.due(self._take()):
                    if self._cutting.moment == BEFORE:
                        break
                    self._silent.set()
                self._server.sendall(_packed(kind, body))
                if self._silent.is_set():
                    return  # the other direction cuts, when the server has answered
        self._cut()

    def _down(self) -> None:
        with suppress(OSError, EOFError):
            while True:
                kind, body = _message(self._server)
                if not self._silent.is_set():
                    self._client.sendall(_packed(kind, body))
                elif kind == b"Z":  # ready for the next query: the commit is done
                    break
        self._cut()

    def _cut(self) -> None:
        for end in (self._client, self._server):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _commits(self, kind: bytes, body: bytes) -> bool:
        """Note what a message writes; tell whether it commits a transaction that wrote."""
        query = self._query(kind, body)
        if query.startswith(("INSERT", "UPDATE", "DELETE", "CREATE")):
            self._wrote.append(" ".join(query.split()[:3]))
        if query.startswith("ROLLBACK"):
            self._wrote.clear()
        return query.startswith("COMMIT") and bool(self._wrote)

    def _query(self, kind: bytes, body: bytes) -> str:
        if kind == b"Q":
            return body.rstrip(b"\0").decode().lstrip()
        if kind == b"P":
            name, query, _ = body.split(b"\0", 2)
            self._queries[name] = query.decode().lstrip()
        if kind == b"B":
            _, name, _ = body.split(b"\0", 2)
            return self._queries.get(name, "")
        return ""

    def _take(self) -> str:
        wrote = ", ".join(self._wrote)
        self._wrote.clear()
        return wrote


def _startup(end: socket.socket) -> bytes:
    head = _exactly(end, 4)
    return head + _exactly(end, struct.unpack("!I", head)[0] - 4)


def _message(end: socket.socket) -> tuple[bytes, bytes]:
    kind, length = struct.unpack("!cI", _exactly(end, 5))
    return kind, _exactly(end, length - 4)


def _packed(kind: bytes, body: bytes) -> bytes:
    return struct.pack("!cI", kind, len(body) + 4) + body


def _exactly(end: socket.socket, size: int) -> bytes:
    found = bytearray()
    while len(found) < size:
        part = end.recv(size - len(found))
        if not part:
            raise EOFError
        found += part
    return bytes(found)
