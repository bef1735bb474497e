"""Telling systemd how a service stands: that it is ready, that it gets on, what it does, that it ends.

systemd names a socket in the environment of a service with `Type=notify`; each message is one datagram. Where nobody
listens nothing is told.
"""

import os
import socket
import time
from collections.abc import Callable, Mapping
from datetime import timedelta

from loguru import logger

# Meant for the process that systemd started, and for none that this one starts.
VARIABLES = frozenset({"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"})


class Notifier:
    """Tells systemd how this process stands. `gets_on` may be called as often as one likes."""

    def __init__(
        self,
        *,
        address: str | None,
        watchdog: timedelta | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`address`: the socket, a path or `@name`; None: nobody listens. `watchdog`: how long silence may last."""
        self._address = address
        self.watchdog = watchdog
        self._monotonic = monotonic
        self._fed_at: float | None = None
        self._status = ""
        self._is_ready = False

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> "Notifier":
        """Return what systemd asked for in the environment, if it started this very process."""
        environment = os.environ if environment is None else environment
        address = environment.get("NOTIFY_SOCKET") or None
        meant_for = environment.get("WATCHDOG_PID")
        microseconds = environment.get("WATCHDOG_USEC", "")
        ours = meant_for in (None, "", str(os.getpid())) and microseconds.isdecimal() and int(microseconds) > 0
        return cls(address=address, watchdog=timedelta(microseconds=int(microseconds)) if ours else None)

    def ready(self) -> None:
        """Say once that the service works."""
        if not self._is_ready:
            self._is_ready = True
            self._tell("READY=1")

    def gets_on(self) -> None:
        """Say that the service gets on; call it for progress that was seen, never from a timer.

        It is told at most four times within the silence that systemd allows.
        """
        if self.watchdog is None:
            return
        now = self._monotonic()
        if self._fed_at is None or now - self._fed_at >= self.watchdog.total_seconds() / 4:
            self._fed_at = now
            self._tell("WATCHDOG=1")

    def turned(self) -> None:
        """Say that the service has got round its work once more: it is ready, and gets on."""
        self.ready()
        self.gets_on()

    def status(self, sentence: str) -> None:
        """Say in a sentence what the service does, for `systemctl status`; the same one is told once."""
        line = " ".join(sentence.split())
        if line != self._status:
            self._status = line
            self._tell(f"STATUS={line}")

    def stopping(self) -> None:
        """Say that the service ends on purpose."""
        self._tell("STOPPING=1")

    def _tell(self, message: str) -> None:
        if self._address is None:
            return
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out:
                out.settimeout(1.0)
                out.sendto(message.encode(), address)
        except OSError as error:  # a service works without its listener
            logger.warning("systemd could not be told {}: {}", message.partition("=")[0], error.strerror or error)
