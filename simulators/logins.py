"""Users, passwords and sessions of a stand-in system, kept in its database file.

Invented users with an obviously invented password; every attempt is counted by user name, so that a test
can judge from outside how often a password was tried.
"""

import secrets
import sqlite3
import time
from dataclasses import dataclass

from simulators.faults import FaultBook

DEMO_PASSWORD = "not-a-real-password"

TABLES = """
create table if not exists session (
    token text primary key, user text not null, opened real not null, requests integer not null default 0
);
create table if not exists session_pushed_out (token text primary key, user text not null);
create table if not exists login_attempt (user text primary key, attempts integer not null);
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expiry:
    """When a session ends by itself; None: never for this reason."""

    seconds: float | None = None  # so long after it was opened
    requests: int | None = None  # after so many pages
    most: int | None = None  # when so many others have been opened since: a login beyond them ends the oldest


class Logins:
    """Checks passwords, opens and ends sessions."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        faults: FaultBook,
        *,
        users: tuple[str, ...],
        password: str,
        expiry: Expiry,
    ) -> None:
        self._connection = connection
        self._faults = faults
        self._users = users
        self._password = password
        self._expiry = expiry
        connection.executescript(TABLES)

    def enter(self, user: str, password: str) -> str | None:
        """Count the attempt; return a new session's token, or None when the system refuses."""
        self._connection.execute(
            "insert into login_attempt (user, attempts) values (?, 1) "
            "on conflict (user) do update set attempts = attempts + 1",
            (user,),
        )
        changed = self._faults.take("wrong-password") is not None
        if changed or user not in self._users or not secrets.compare_digest(password, self._password):
            return None
        self._make_room()
        token = secrets.token_urlsafe(18)
        self._connection.execute(
            "insert into session (token, user, opened) values (?, ?, ?)", (token, user, time.time())
        )
        return token

    def user_of(self, token: str | None) -> str | None:
        """Return who the session belongs to and count the request; None when it is unknown or over."""
        row = self._connection.execute(
            "select user, opened, requests from session where token = ?", (token,)
        ).fetchone()
        if row is None:
            return None
        user, opened, requests = row
        too_old = self._expiry.seconds is not None and time.time() - opened > self._expiry.seconds
        too_many = self._expiry.requests is not None and requests >= self._expiry.requests
        if too_old or too_many:
            self.leave(token)
            return None
        self._connection.execute("update session set requests = requests + 1 where token = ?", (token,))
        return str(user)

    def _make_room(self) -> None:
        """End the oldest sessions, so that with the new one there are no more than allowed."""
        if self._expiry.most is None:
            return
        older = "select token from session order by opened desc limit -1 offset ?"
        for (token,) in self._connection.execute(older, (self._expiry.most - 1,)).fetchall():
            self._connection.execute(
                "insert into session_pushed_out (token, user) select token, user from session where token = ?", (token,)
            )
            self.leave(token)

    def leave(self, token: str | None) -> None:
        """End a session."""
        self._connection.execute("delete from session where token = ?", (token,))


def attempts(connection: sqlite3.Connection) -> dict[str, int]:
    """Return how many logins each user name has tried, refused ones counted."""
    return dict(connection.execute("select user, attempts from login_attempt order by user"))


def pushed_out(connection: sqlite3.Connection) -> int:
    """Return how many sessions a later login has ended because no more were allowed."""
    (number,) = connection.execute("select count(*) from session_pushed_out").fetchone()
    return int(number)
