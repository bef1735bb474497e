"""A system that bots act on: what every target has, whether it is driven through a browser or not."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

from core.clock import Clock
from core.model.guards import Guard
from core.secrets import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetSettings:
    """One `[targets.<name>]` table of bots.toml, checked."""

    name: str
    url: str | None = None  # absent for targets without a web address
    serve: str | None = None  # the module that starts the stand-in, when it is one without an address of its own
    settle: timedelta = timedelta(seconds=180)  # worst late commit, from the click on, plus search lag
    simulator: bool = False  # True: a stand-in; bots may act on it without a certificate
    profile: str = "live"  # which UNDERSTUDY_ENV may act on it: "test", "uat", "live"
    timeout: timedelta = timedelta(seconds=30)  # longest wait for one page or control
    slots: int | None = None  # sessions it allows at a time, over all workers; absent: no limit
    pace: timedelta | None = None  # between the beginnings of two items that use it; absent: as fast as can be
    secrets: Mapping[str, str] = field(default_factory=dict)  # role ("user") to secret name ("ledger_user")
    options: Mapping[str, Any] = field(default_factory=dict)  # the target's own keys


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What a target is given to work with."""

    settings: TargetSettings
    guard: Guard
    clock: Clock
    secret: Callable[[str], Secret]  # by role, as named in the target's `secrets` table
    login_turn: Callable[
        [], AbstractContextManager[None]
    ]  # one login at a time over all workers; a refusal holds the target
    browser: Callable[[], Any]  # the worker's BrowserSession, started when first asked for
    folder: Path  # the installation's folder


class Target:
    """Base of every target: subclass it in `targets/<name>/`, and name it in bots.toml.

    The runtime makes one object per worker and enters `session()` for each item that asks for it; what a session
    holds open (a login, a connection) may outlive the item and is dropped by `close()`.
    """

    name: ClassVar[str]
    # True when only `page.commit` can change the outside for good; a plain `do` may from its first line on.
    commits_by_page: ClassVar[bool] = False

    def __init__(self, access: Access) -> None:
        self.access = access

    @property
    def settings(self) -> TargetSettings:
        """The target's table of bots.toml."""
        return self.access.settings

    @contextmanager
    def session(self) -> Iterator[None]:
        """Make the target ready for one item; override to log in, and translate failures to our errors."""
        yield

    def close(self) -> None:
        """Drop whatever is held open; called after a doubt, at recycling and at the worker's end."""

    def leave(self) -> None:
        """Log out in good order and drop whatever is held open; called when the worker has no more work here."""
        self.close()

    def probe(self) -> None:
        """Check that the target answers, without logging in; raise PortalUnavailable. Used by `understudy check`."""
