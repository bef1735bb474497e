"""A book that vouchers are entered in over HTTP: the smallest stand-in that keeps the simulators' contract.

It takes anything twice, and numbers entries as they come. `--data` says which suppliers it knows.
"""

import argparse
import json
import os
import sqlite3
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

TABLES = """
create table if not exists supplier (name text primary key);
create table if not exists entry (id integer primary key, number text, supplier text, net text);
"""


def main() -> None:
    """Run one command of the contract."""
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=["serve", "snapshot"])
    parser.add_argument("--db", type=Path, required=True)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--with-parent", action="store_true")
    options = parser.parse_args()
    if options.command == "snapshot":
        sys.stdout.write(json.dumps({"entries": entries(options.db)}))
        return
    known = json.loads(options.data.read_text(encoding="utf-8"))["suppliers"] if options.data else []
    for name in known:
        run(options.db, "insert or ignore into supplier values (?)", [name])
    serve(options.db)


def run(db: Path, sql: str, values: Sequence[str] = ()) -> list[Any]:
    """Run one statement in a transaction of its own."""
    with closing(sqlite3.connect(db, timeout=30)) as book, book:
        book.executescript(TABLES)
        return book.execute(sql, values).fetchall()


def entries(db: Path) -> list[dict[str, str]]:
    """Return what was entered, in order."""
    rows = run(db, "select id, number, supplier, net from entry order by id")
    return [{"entry": f"E-{row[0]}", "number": row[1], "supplier": row[2], "net": row[3]} for row in rows]


def serve(db: Path) -> None:
    """Answer until the process that started it is gone, or SIGTERM."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._say(entries(db) if self.path == "/entries" else [row[0] for row in run(db, "select * from supplier")])

        def do_POST(self) -> None:
            told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            values = [told[name] for name in ("number", "supplier", "net")]
            made = run(db, "insert into entry (number, supplier, net) values (?, ?, ?) returning id", values)
            self._say(f"E-{made[0][0]}")

        def _say(self, value: object) -> None:
            text = json.dumps(value).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *words: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    sys.stdout.write(json.dumps({"url": f"http://127.0.0.1:{server.server_port}", "pid": os.getpid()}) + "\n")
    sys.stdout.flush()
    server.serve_forever()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.2)
    os._exit(0)


if __name__ == "__main__":
    main()
