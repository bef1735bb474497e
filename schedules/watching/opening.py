"""Putting a watch together from an installation."""

import shutil
import socket
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import StoreUnavailable
from core.model.notices import Alert, Delivery, Notice, Part
from core.notify import Outbox
from core.notify.channels import web_of
from core.store import notices
from schedules.watching.expected import Expected
from schedules.watching.trail import TrailLook
from schedules.watching.watch import Watch

if TYPE_CHECKING:
    from core.installation import Installation

DEAD_MAN_TIMEOUT = 10.0  # seconds


def watch_of(installation: "Installation", *, long_there: bool) -> tuple[Watch, TrailLook]:
    """Return the watch of an installation, and its look at the trail, which may be given a thread of its own."""
    config = installation.config
    alerts = config.file.alerts
    expected = Expected.of(config)
    wording = installation.wording
    trail = TrailLook(
        installation.database,
        keys=lambda: installation.keys,
        seal=lambda: installation.seal(checkpoint=False),
        host=socket.gethostname(),
        every=alerts.verify,
    )
    watch = Watch(
        installation.database,
        expected=expected,
        notifier=installation.notifier,
        outbox=Outbox(
            installation.database,
            installation.notifier,
            group=alerts.group,
            again=alerts.again,
            message=wording.message,
        ),
        trail=trail,
        free=lambda: free_room(_places(installation)),
        alive=_alive(installation),
        message=lambda says: wording.message([_passing(Alert.STORE_SILENT, says, installation.clock.now())]),
        name=f"watch@{socket.gethostname()}",
        clock=installation.clock,
        long_there=long_there,
    )
    return watch, trail


def wait_for_store(installation: "Installation", stopped: Callable[[], bool]) -> bool:
    """Wait until the store answers, and tell people when it does not for long; False when stopped meanwhile.

    A machine that starts anew may be up before its database is, and nobody else would tell that it stays away.
    """
    alerts, clock, tries = installation.config.file.alerts, installation.clock, list[Delivery]()
    began, told = clock.now(), None
    while not stopped():
        try:
            database = installation.database
        except StoreUnavailable as error:
            now = clock.now()
            if now - began >= alerts.store_silent and (told is None or now - told >= alerts.again):
                says = f"The watch was started {Expected.of(installation.config).hour(began)}: {error.message}"
                notice = _passing(Alert.STORE_SILENT, says, now)
                tries += installation.notifier.send(installation.wording.message([notice]))
                told = now if tries[-1].taken else None
            clock.sleep(min(alerts.look.total_seconds(), 1.0))
            continue
        if tries:
            with database.transaction(actor="system:watch") as tx:
                notices.record_test(tx, tries)
        return True
    return False


def free_room(places: Mapping[str, Path]) -> dict[str, int]:
    """Return how many bytes are free at each place, two places on one disk told once."""
    found: dict[str, int] = {}
    seen: set[int] = set()
    for name, path in places.items():
        there = next(one for one in (path, *path.parents) if one.exists())
        if there.stat().st_dev not in seen:
            seen.add(there.stat().st_dev)
            found[name] = shutil.disk_usage(there).free
    return found


def _places(installation: "Installation") -> dict[str, Path]:
    evidence = installation.config.evidence_url()
    places = {"disk of var": installation.var}
    return places if "://" in evidence else places | {"disk of the evidence": Path(evidence)}


def _alive(installation: "Installation") -> Callable[[], None] | None:
    told = installation.config.file.alerts.dead_man
    if told is None:
        return None
    web = web_of(
        installation.config.file.alerts,
        folder=installation.folder,
        secret=installation.secrets.get,
        timeout=DEAD_MAN_TIMEOUT,
    )
    return lambda: web.request(web.address(told))


def _passing(alert: Alert, says: str, now: datetime) -> Notice:
    """A notice that is told without the store."""
    return Notice(
        id=0,
        alert=alert,
        subject="database",
        says=says,
        about={},
        opened_at=now,
        seen_at=now,
        resolved_at=now,
        part=Part.OPENED,
        tell_at=now,
        told_at=None,
        tries=0,
        quiet_until=None,
        quiet_by=None,
    )
