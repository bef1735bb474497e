"""The ledger's pages."""

import asyncio
import secrets
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import jinja2
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from simulators.faults import FaultBook
from simulators.ledger import formats, lists
from simulators.ledger.books import connect, voucher_number
from simulators.ledger.faults import LEDGER_FAULTS
from simulators.ledger.vouchers import CURRENCIES, SHORT, Entry, check, read, save
from simulators.logins import Expiry, Logins
from simulators.server import Cut

USERS = ("robot", "clerk")
COOKIE = "ledger_session"


def _templates() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters.update(
        money=formats.money, price=formats.price, plain=formats.plain, day=formats.day,
        clock=lambda seconds: time.strftime("%d/%m/%Y %H:%M", time.localtime(seconds)),
    )  # fmt: skip
    return environment


class LedgerPages:
    """One method for each thing a person can do."""

    def __init__(self, db: Path, *, password: str, expiry: Expiry) -> None:
        self._connection = connect(db)
        self._faults = FaultBook(self._connection, LEDGER_FAULTS)
        self._logins = Logins(
            self._connection, self._faults, users=USERS, password=password, expiry=expiry
        )  # fmt: skip
        self._templates = _templates()

    def application(self) -> Starlette:
        """Return the web application."""
        inside = [
            ("/", self.home, ["GET"]),
            ("/suppliers", self.suppliers, ["GET"]),
            ("/suppliers/{number}", self.supplier, ["GET"]),
            ("/orders", self.orders, ["GET"]),
            ("/orders/{number:path}", self.order, ["GET"]),
            ("/vouchers", self.vouchers, ["GET"]),
            ("/vouchers/new", self.new_voucher, ["GET"]),
            ("/vouchers/new", self.save_voucher, ["POST"]),
            ("/vouchers/{number}", self.voucher, ["GET"]),
            ("/vouchers/{number}/attachment", self.attachment, ["GET"]),
        ]
        return Starlette(routes=[
            Route("/login", self.login, methods=["GET", "POST"]),
            Route("/logout", self.logout, methods=["POST"]),
            *(Route(path, self._signed_in(page), methods=methods) for path, page, methods in inside),
        ])  # fmt: skip

    def _signed_in(self, page: Any) -> Any:
        """Let only a signed-in user see the page; send others to the login and back."""

        async def guarded(request: Request) -> Response:
            user = self._logins.user_of(request.cookies.get(COOKIE))
            if user is None:
                return self._to_login(request)
            request.state.user = user
            return await page(request)  # type: ignore[no-any-return]

        return guarded

    def _to_login(self, request: Request) -> Response:
        ended = {"ended": "1"} if COOKIE in request.cookies else {}
        back = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(f"/login?{urlencode({'next': back, **ended})}", status_code=303)

    def _page(self, request: Request, template: str, *, status: int = 200, **values: Any) -> Response:
        user = getattr(request.state, "user", None)
        text = self._templates.get_template(template).render(user=user, path=request.url.path, **values)
        return HTMLResponse(text, status_code=status, headers={"Cache-Control": "no-store"})

    def _missing(self, request: Request, what: str) -> Response:
        return self._page(
            request, "message.html", title="Not found", text=f"{what} was not found."
        )  # fmt: skip

    async def login(self, request: Request) -> Response:
        """Show the login, or sign in."""
        after = request.query_params.get("next", "/")
        after = after if after.startswith("/") and not after.startswith("//") else "/"
        if request.method == "GET":
            ended = "ended" in request.query_params
            return self._page(request, "login.html", after=after, ended=ended, refused=False)
        form = await request.form()
        token = self._logins.enter(str(form.get("user_name", "")).strip(), str(form.get("password", "")))
        if token is None:
            return self._page(request, "login.html", after=after, ended=False, refused=True)
        answer = RedirectResponse(after, status_code=303)
        answer.set_cookie(COOKIE, token, httponly=True, samesite="lax")
        return answer

    async def logout(self, request: Request) -> Response:
        """End the session."""
        self._logins.leave(request.cookies.get(COOKIE))
        answer = RedirectResponse("/login", status_code=303)
        answer.delete_cookie(COOKIE)
        return answer

    async def home(self, request: Request) -> Response:
        """Show what the user entered last."""
        rows, count = lists.vouchers(self._connection, {"entered_by": request.state.user}, page=1)
        return self._page(request, "home.html", vouchers=rows[:8], count=count)

    async def suppliers(self, request: Request) -> Response:
        """Search suppliers."""
        query = request.query_params.get("q")
        found = lists.suppliers(self._connection, query) if query else []
        return self._page(request, "suppliers.html", query=query, suppliers=found)

    async def supplier(self, request: Request) -> Response:
        """Show one supplier."""
        number = request.path_params["number"]
        found = self._connection.execute("select * from supplier where number = ?", (number,)).fetchone()
        if found is None:
            return self._missing(request, f"Supplier {number}")
        return self._page(request, "supplier.html", supplier=found)

    async def orders(self, request: Request) -> Response:
        """Search purchase orders."""
        query = request.query_params.get("q")
        found = lists.orders(self._connection, query) if query else []
        return self._page(request, "orders.html", query=query, orders=found)

    async def order(self, request: Request) -> Response:
        """Show one order with its lines and receipts."""
        number = request.path_params["number"]
        found = lists.order(self._connection, number)
        if found is None:
            return self._missing(request, f"Order {number}")
        return self._page(request, "order.html", order=found)

    async def vouchers(self, request: Request) -> Response:
        """Search vouchers."""
        query = dict(request.query_params)
        text = query.pop("page", "1")
        page = max(int(text), 1) if text.isdigit() else 1
        rows, count = lists.vouchers(self._connection, query, page=page)
        first = (page - 1) * lists.PAGE_SIZE
        return self._page(
            request, "vouchers.html", query=query, vouchers=rows, count=count, first=first + 1,
            last=first + len(rows), page=page, more=first + len(rows) < count,
            link=lambda number: "?" + urlencode({**query, "page": number}),
            renamed=self._faults.take("label-changed", "list") is not None,
            moved=self._faults.take("field-moved", "columns") is not None,
        )  # fmt: skip

    async def new_voucher(self, request: Request) -> Response:
        """Show the empty form."""
        return self._form(request, Entry())

    def _form(self, request: Request, entry: Entry, *, status: int = 200) -> Response:
        token = secrets.token_urlsafe(12)
        self._connection.execute("insert into form (token, user) values (?, ?)", (token, request.state.user))
        changed = self._faults.take("label-changed", "form", "twice")
        moved = self._faults.take("field-moved", "order", "labels")
        return self._page(
            request, "voucher_form.html", status=status, token=token, entry=entry,
            currencies=CURRENCIES, changed=changed.variant if changed else "",
            moved=moved.variant if moved else "", modal=self._faults.take("modal") is not None,
            short=SHORT if self._faults.take("truncate", "maxlength") else None,
            rewrites=self._faults.take("reformat", "form") is not None,
        )  # fmt: skip

    async def save_voucher(self, request: Request) -> Response:
        """Save a form, unless it was sent before or does not hold together."""
        if self._faults.take("session-lost"):
            self._logins.leave(request.cookies.get(COOKIE))
            return self._to_login(request)
        entry = read(await request.form())
        if refusal := self._sent_before(request, entry.token):
            return refusal
        check(self._connection, entry)
        if entry.problems:
            return self._form(request, entry, status=422)
        if self._faults.take("error-before-save"):
            return self._broken(request)
        return await self._saved(request, entry)

    async def _saved(self, request: Request, entry: Entry) -> Response:
        late = self._faults.take("late-commit")
        key = save(
            self._connection, entry, user=request.state.user, faults=self._faults,
            content=await entry.attachment.read() if entry.attachment else b"",
            late=late.seconds if late else 0.0,
        )  # fmt: skip
        if late:
            return Cut() if late.variant == "drop" else self._timed_out(request)
        if self._faults.take("drop-after-save"):
            return Cut()
        if self._faults.take("error-after-save"):
            return self._broken(request)
        if slow := self._faults.take("slow", "save"):
            await asyncio.sleep(slow.seconds)
        return RedirectResponse(f"/vouchers/{voucher_number(key)}?saved=1", status_code=303)

    def _sent_before(self, request: Request, token: str) -> Response | None:
        form = self._connection.execute("select voucher from form where token = ?", (token,)).fetchone()
        if form is None:
            text = "This form is no longer valid. Open a new voucher and enter it again."
            return self._page(request, "message.html", status=409, title="Form not valid", text=text)
        if form["voucher"] is None or self._faults.take("double-submit"):
            return None
        text = f"This form has already been submitted as voucher {voucher_number(form['voucher'])}."
        return self._page(request, "message.html", status=409, title="Already submitted", text=text)

    def _broken(self, request: Request) -> Response:
        text = "An unexpected error has occurred. If it goes on, tell the finance systems team."
        return self._page(request, "message.html", status=500, title="Something went wrong", text=text)

    def _timed_out(self, request: Request) -> Response:
        text = "The server did not answer in time (gateway time-out)."
        return self._page(request, "message.html", status=504, title="Gateway time-out", text=text)

    def _find(self, number: str) -> Any:
        key = int(number[2:]) if number.startswith("V-") and number[2:].isdigit() else 0
        return self._connection.execute(
            "select v.*, s.name from voucher v join supplier s on s.number = v.supplier "
            "where v.id = ? and v.exists_from <= ?",
            (key, time.time()),
        ).fetchone()

    async def voucher(self, request: Request) -> Response:
        """Show one voucher with everything saved."""
        number = request.path_params["number"]
        found = self._find(number)
        if found is None:
            return self._missing(request, f"Voucher {number}")
        lines = self._connection.execute(
            "select * from voucher_line where voucher = ? order by line", (found["id"],)
        ).fetchall()
        attached = self._connection.execute(
            "select name, length(data) as size from attachment where voucher = ?", (found["id"],)
        ).fetchone()
        return self._page(
            request, "voucher.html", number=number, voucher=found, lines=lines, attachment=attached,
            saved="saved" in request.query_params,
        )  # fmt: skip

    async def attachment(self, request: Request) -> Response:
        """Give back the attached file."""
        found = self._find(request.path_params["number"])
        row = (
            found and self._connection.execute("select * from attachment where voucher = ?", (found["id"],)).fetchone()
        )
        if not row:
            return self._missing(request, "The attachment")
        named = {"Content-Disposition": f"inline; filename*=utf-8''{quote(row['name'])}"}
        return Response(row["data"], media_type=row["media_type"], headers=named)
