"""SQLite as the store: where its file may lie, how it is opened, and the gate its writers queue at.

SQLite lets one writer in at a time and gives the next turn to whoever asks first after the last one left. Under load
that is the process which has just written, and the others wait for seconds. So writers queue at a lock on a gate file
beside the database, which the system hands on in order.
"""

import re
import sqlite3
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from core.errors import ConfigError
from core.locks import FileLock

BUSY = 60  # seconds a writer waits for whoever writes past the gate, such as another program

WRITES = "understudy_write"  # in a connection's `info`: its next transactions will write

_NETWORK = frozenset(
    {"nfs", "nfs4", "cifs", "smb2", "smb3", "smbfs", "afs", "ncpfs", "davfs", "ceph", "glusterfs", "lustre"}
    | {"fuse.sshfs", "fuse.rclone", "fuse.s3fs", "fuse.glusterfs", "fuse.davfs2", "fuse.gvfsd-fuse", "fuse.cephfs"}
)
_SYNCED = re.compile(r"(dropbox|onedrive|google ?drive|icloud ?drive|nextcloud|owncloud|syncthing)( .*)?", re.I)
_MOUNTS = Path("/proc/self/mounts")


def engine_for(url: sa.URL) -> sa.Engine:
    """Return the engine of a SQLite file, or of a store in memory that lives as long as the engine.

    `?timeout=SECONDS` in the URL says how long a writer waits. Raises ConfigError when the file lies where SQLite's
    locks are not to be trusted.
    """
    options: dict[str, Any] = {"check_same_thread": False}
    if "timeout" not in url.query:
        options["timeout"] = BUSY
    file = file_of(url)
    if file is not None:
        refuse_shared_place(file)
        file.parent.mkdir(parents=True, exist_ok=True)
        options["factory"] = partial(_Gated, gate=file.with_name(file.name + ".gate"))
    engine = sa.create_engine(
        url, connect_args=options, poolclass=sa.pool.StaticPool if file is None else sa.pool.QueuePool
    )
    sa.event.listen(engine, "connect", _prepare)
    engine.dialect.do_begin = _begin  # type: ignore[method-assign, assignment]  # an event slows every statement
    return engine


def file_of(url: sa.URL) -> Path | None:
    """Return the database's file; None for a store in memory, or one that is not SQLite's."""
    if url.get_backend_name() != "sqlite" or url.database in (None, "", ":memory:"):
        return None
    return Path(str(url.database))


def is_mistake(error: BaseException | None) -> bool:
    """Tell whether SQLite refused a statement that is wrong; anything else it says is about the file."""
    return isinstance(error, sqlite3.OperationalError) and error.sqlite_errorcode == sqlite3.SQLITE_ERROR


def is_damage(error: BaseException | None) -> bool:
    """Tell whether SQLite says that the file is damaged, or no database at all."""
    damaged = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
    return isinstance(error, sqlite3.DatabaseError) and getattr(error, "sqlite_errorcode", 0) & 0xFF in damaged


def copy_to(engine: sa.Engine, file: Path) -> None:
    """Write a copy of the whole database, as it is at this moment, to a file that is not there yet."""
    connection = engine.raw_connection()
    try:
        connection.cursor().execute("VACUUM INTO ?", (str(file),))
    finally:
        connection.close()


class _Gated(sqlite3.Connection):
    """A connection that waits at the gate before it writes, and leaves it when what it wrote is committed or undone."""

    def __init__(self, *arguments: Any, gate: Path, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._gate = FileLock(gate)

    def pass_gate(self) -> None:
        """Wait for the turn to write."""
        self._gate.wait()

    def commit(self) -> None:
        try:
            super().commit()
        finally:
            self._gate.let_go()

    def rollback(self) -> None:
        try:
            super().rollback()
        finally:
            self._gate.let_go()

    def close(self) -> None:
        super().close()
        self._gate.close()


def refuse_shared_place(path: Path, *, mounts: Path = _MOUNTS) -> None:
    """Raise ConfigError when the database would lie on a network drive or in a folder that is synchronised.

    `mounts` lists the mounted file systems as Linux does; where there is no such list, only names are looked at.
    """
    place = path.absolute()
    for part in place.parts:
        if _SYNCED.fullmatch(part):
            raise ConfigError([f"installation.database: {place} lies in the synchronised folder {part!r}; {_WHY}"])
    kind = _file_system(place, mounts)
    if kind in _NETWORK:
        raise ConfigError([f"installation.database: {place} lies on a network drive ({kind}); {_WHY}"])


_WHY = (
    "SQLite would be damaged there. Put it on a disk of this machine "
    '(database = "sqlite:////var/lib/understudy/understudy.db"), or use PostgreSQL (database = "postgresql://...")'
)


def _file_system(place: Path, mounts: Path) -> str | None:
    try:
        lines = mounts.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    found: tuple[str | None, int] = None, -1
    for line in lines:
        _, point, kind, *_ = line.split(" ")
        under = Path(point.replace("\\040", " "))
        if place.is_relative_to(under) and len(under.parts) >= found[1]:
            found = kind, len(under.parts)
    return found[0]


def _prepare(connection: Any, record: object) -> None:
    connection.isolation_level = None  # BEGIN is ours: see _begin
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin(connection: sa.PoolProxiedConnection) -> None:
    # A writer takes the lock at once, so that it cannot fail half-way when another commits between read and write.
    driver: Any = connection.dbapi_connection
    if not connection.info.get(WRITES):
        driver.execute("BEGIN").close()
        return
    if isinstance(driver, _Gated):
        driver.pass_gate()
    driver.execute("BEGIN IMMEDIATE").close()
