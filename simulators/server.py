"""The web server that all simulators share, with the fault control and the faults any web system can have."""

import asyncio
import json
import os
import socket

import uvicorn
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from simulators.faults import FaultBook, UnknownFault


def serve(application: ASGIApp, book: FaultBook, *, port: int, with_parent: bool) -> None:
    """Answer on loopback until SIGTERM; print one JSON line with address and process when ready."""
    config = uvicorn.Config(
        Controlled(application, book),
        http=CuttableProtocol,
        ws="none",
        lifespan="off",
        loop="asyncio",
        log_level="critical",
        access_log=False,
        timeout_graceful_shutdown=1,
    )
    listener = socket.create_server(("127.0.0.1", port))
    _AnnouncingServer(config, with_parent=with_parent).run(sockets=[listener])


class _AnnouncingServer(uvicorn.Server):
    """Says where it answers, once it does, and can end with the process that started it."""

    def __init__(self, config: uvicorn.Config, *, with_parent: bool) -> None:
        super().__init__(config)
        self._parent = os.getppid() if with_parent else None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        host, port = sockets[0].getsockname()[:2] if sockets else ("127.0.0.1", 0)
        print(json.dumps({"url": f"http://{host}:{port}", "pid": os.getpid()}), flush=True)

    async def on_tick(self, counter: int) -> bool:
        if self._parent is not None and os.getppid() != self._parent:
            return True
        return await super().on_tick(counter)


class CuttableProtocol(H11Protocol):
    """Hands each request its connection, so that a fault can cut it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Keep the connection where a request finds it."""
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}


class Cut(Response):
    """Answers by cutting the connection: the browser sees a reset, not a page."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Cut the connection; nothing is sent."""
        scope["state"]["transport"].abort()


class Controlled:
    """Puts the fault control and the faults any web system can have in front of an application."""

    def __init__(self, application: ASGIApp, book: FaultBook) -> None:
        self._application = application
        self._book = book

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or let a fault do it."""
        if scope["type"] != "http":
            await self._application(scope, receive, send)
        elif scope["path"] == "/__faults":
            answer = await self._control(Request(scope, receive))
            await answer(scope, receive, send)
        elif self._book.take("maintenance"):
            await HTMLResponse(MAINTENANCE, status_code=503)(scope, receive, send)
        else:
            if slow := self._book.take("slow", "page"):
                await asyncio.sleep(slow.seconds)
            await self._application(scope, receive, send)

    async def _control(self, request: Request) -> Response:
        if request.method == "POST":
            try:
                self._book.replace(await request.json())
            except UnknownFault as problem:
                return JSONResponse({"problem": str(problem)}, status_code=400)
        return JSONResponse([
            {"name": f.name, "variant": f.variant, "seconds": f.seconds, "left": f.count}
            for f in self._book.in_force()
        ])  # fmt: skip


MAINTENANCE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Planned maintenance</title>
<style>body{font:16px/1.5 Arial,sans-serif;color:#222;max-width:36em;margin:12vh auto;padding:0 1em}</style>
</head>
<body><h1>Planned maintenance</h1><p>The system is not available while we carry out maintenance.</p>
<p>Please try again later. If you need help, contact the finance systems team on extension 4410.</p>
</body></html>"""
