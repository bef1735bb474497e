"""A tiny portal on loopback for the browser's tests: a form, a list, and pages that misbehave on request."""

import html
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

PASSWORD = "Zebra&Crossing/77"
COOKIE = "c00kie-5ession-value"
FORM = """
<h1>New voucher</h1>
<form method="post" action="/vouchers" enctype="multipart/form-data">
<p><label for="number">Invoice number</label> <input id="number" name="number"></p>
<p><label for="reference">Reference</label> <input id="reference" name="reference" maxlength="8"></p>
<p><label for="currency">Currency</label> <select id="currency" name="currency">
 <option value="GBP">Pound sterling</option><option value="EUR">Euro</option></select></p>
<p><label>Urgent <input type="checkbox" name="urgent"></label></p>
<p><label for="note">Note</label> <textarea id="note" name="note"></textarea></p>
<p><label for="file">Document</label> <input id="file" type="file" name="file"></p>
<p><label for="twin1">Amount</label> <input id="twin1"> <label for="twin2">Amount</label> <input id="twin2"></p>
<button>Post voucher</button></form>
<p><a href="/list">All vouchers</a> <a href="/document.pdf">Print</a> <a href="/slow">Slow list</a></p>
"""
LIST = """
<h1>Vouchers</h1>
<table><caption>Vouchers</caption><thead><tr><th>Number</th><th>Net</th></tr></thead>
<tbody><tr><td>V-1</td><td>10.00</td></tr><tr><td>V-2</td><td> 20.00 </td></tr></tbody></table>
<dl><dt>Voucher number</dt><dd>V-2</dd><dt>Posted by</dt><dd>A. Clerk</dd></dl>
<table><caption>Facts</caption><tr><th scope="row">Supplier</th><td>Marsh &amp; Sons</td></tr></table>
"""
LOGIN = """
<h1>Sign in</h1><form method="post" action="/login">
<label for="u">User</label><input id="u" name="user">
<label for="p">Password</label><input id="p" name="password" type="password"><button>Sign in</button></form>
"""


class Portal:
    """What the server saw, and what it is told to do wrong."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.reset()

    def reset(self) -> None:
        """Forget what was seen and behave again."""
        self.posts: list[str] = []
        self.logins: list[str] = []
        self.form = FORM
        self.after_post = (200, "<h1>Voucher posted</h1><dl><dt>Voucher number</dt><dd>V-3</dd></dl>")
        self.gate = threading.Event()  # /slow answers when it is set
        self.posts_wait = False  # posts, too, are answered when it is set
        self.needs_login = False


class _Handler(BaseHTTPRequestHandler):
    portal: Portal

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        portal = self.portal
        if path == "/broken":
            self._page(500, "<h1>Oops</h1>")
        elif path == "/maintenance":
            self._page(503, "<h1>Back soon</h1>")
        elif path == "/drop":
            self.connection.close()
        elif path == "/slow":
            portal.gate.wait(20)
            self._page(200, LIST)
        elif path == "/document.pdf":
            self._answer(200, b"%PDF-1.4 tiny", "application/pdf")
        elif path == "/missing":
            self._page(404, "<h1>Not here</h1>")
        elif path == "/login" or (portal.needs_login and COOKIE not in self.headers.get("Cookie", "")):
            self._page(200, LOGIN)
        elif path == "/list":
            self._page(200, LIST)
        else:
            self._page(200, portal.form)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode("utf-8", "replace")
        if urlsplit(self.path).path == "/login":
            self._login(parse_qs(body))
            return
        self.portal.posts.append(body)
        if self.portal.posts_wait:
            self.portal.gate.wait(20)
        status, page = self.portal.after_post
        if status == 0:
            self.connection.close()
        else:
            self._page(status, page)

    def _login(self, values: dict[str, list[str]]) -> None:
        given = values.get("password", [""])[0]
        self.portal.logins.append(values.get("user", [""])[0])
        if given != PASSWORD:
            self._page(200, "<h1>Sign in</h1><p role=alert>Wrong user or password</p>" + LOGIN)
            return
        self.send_response(303)
        self.send_header("Location", "/")
        self.send_header("Set-Cookie", f"session={COOKIE}; HttpOnly; Path=/")
        self.end_headers()

    def _page(self, status: int, body: str) -> None:
        text = f"<!doctype html><html lang=en><title>{html.escape(body[4:12])}</title><body>{body}"
        self._answer(status, text.encode(), "text/html; charset=utf-8")

    def _answer(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def handle(self) -> None:
        try:
            super().handle()
        except (OSError, ValueError):  # the browser went away, or the handler closed the connection on purpose
            return

    def log_message(self, format: str, *args: object) -> None:
        return


@contextmanager
def serving() -> Iterator[Portal]:
    """Serve a portal on a free port until the block ends."""
    handler = type("Handler", (_Handler,), {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    portal = handler.portal = Portal(server.server_port)  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield portal
    finally:
        portal.gate.set()
        server.shutdown()
        thread.join()
        server.server_close()
