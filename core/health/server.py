"""Answers machines that look after an installation: `/healthz`, `/readyz` and `/metrics`, over plain HTTP.

It tells how things stand and takes nothing: GET and HEAD only, no parameters, nothing of any case. It knows nobody, so
it listens on this machine only unless bots.toml says otherwise.
"""

import socket
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, ClassVar, Self

from loguru import logger

from core.errors import ConfigError

JSON = "application/json"
TEXT = "text/plain; charset=utf-8"
SLOWEST = 10.0  # seconds a reader may take over its request


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is answered."""

    status: HTTPStatus = HTTPStatus.OK
    content_type: str = TEXT
    body: bytes


Pages = Mapping[str, Callable[[str], Answer]]  # by path; each is given the Accept header


class HealthServer:
    """Answers while inside, in threads of its own; `address` is where, port 0 replaced by the one that was given."""

    def __init__(self, listen: str, pages: Pages) -> None:
        """Raises ConfigError when the address cannot be listened on."""
        host, _, port = listen.rpartition(":")
        try:
            self._server = _Server((host.strip("[]"), int(port)), pages)
        except OSError as error:
            raise ConfigError(
                [f"health.listen: {listen} cannot be listened on: {error.strerror or error}; name another port"]
            ) from error
        bound = self._server.server_address
        self.address = f"{host}:{bound[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, name="health", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False  # a reader that hangs does not hold up the end

    def __init__(self, place: tuple[str, int], pages: Pages) -> None:
        if ":" in place[0]:
            self.address_family = socket.AF_INET6
        self.pages = pages
        super().__init__(place, _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of readers that hang up or fall asleep; a page that fails is told in the log."""
        error = sys.exception()
        if not isinstance(error, ConnectionError | TimeoutError):
            logger.opt(exception=error).error("A page for machines failed")


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = SLOWEST
    server_version = "understudy"
    sys_version = ""
    allowed: ClassVar[str] = "GET, HEAD"

    def do_GET(self) -> None:
        """Answer a page."""
        self._answer(whole=True)

    def do_HEAD(self) -> None:
        """Answer a page without its body."""
        self._answer(whole=False)

    def _refuse(self) -> None:
        self._send(Answer(status=HTTPStatus.METHOD_NOT_ALLOWED, body=b"GET and HEAD only\n"), whole=True)

    do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = _refuse

    def _answer(self, *, whole: bool) -> None:
        page = self.server.pages.get(self.path.partition("?")[0])
        if page is None:
            known = ", ".join(self.server.pages)
            self._send(Answer(status=HTTPStatus.NOT_FOUND, body=f"here: {known}\n".encode()), whole=whole)
        else:
            self._send(page(self.headers.get("Accept", "")), whole=whole)

    def _send(self, answer: Answer, *, whole: bool) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        if answer.status is HTTPStatus.METHOD_NOT_ALLOWED:
            self.send_header("Allow", self.allowed)
        self.end_headers()
        if whole:
            self.wfile.write(answer.body)

    def log_message(self, format: str, *args: Any) -> None:
        """Leave requests out of the log: they come every few seconds."""
