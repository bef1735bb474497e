"""Receivers of messages for tests: a mail server and a web server of their own, on the loopback, with a certificate."""

import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOST = "127.0.0.1"


def certificate(folder: Path) -> Path:
    """Write a certificate for the loopback with its key, signed by itself, into one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "receiver.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return file


def serving(file: Path) -> ssl.SSLContext:
    """Return what a server with this certificate needs."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


@dataclass
class PostOffice:
    """A mail server that keeps what it is given."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)  # addresses it has no mailbox for
    account: tuple[str, str] | None = None  # the only login it takes
    encrypted: list[bool] = field(default_factory=list)  # for each mail

    async def handle_RCPT(
        self, server: Any, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take or refuse one recipient."""
        if address in self.refused:
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Session, envelope: Envelope) -> str:
        """Keep a mail."""
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, policy=default)
        assert isinstance(mail, EmailMessage)
        mail["X-Given-To"] = ",".join(envelope.rcpt_tos)
        self.encrypted.append(server.transport.get_extra_info("sslcontext") is not None)
        self.mails.append(mail)
        return "250 OK"

    def login(self, server: Any, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        """Take one account only."""
        good = isinstance(data, LoginPassword) and (data.login.decode(), data.password.decode()) == self.account
        return AuthResult(success=good, handled=False)


@contextmanager
def post_office(
    office: PostOffice | None = None, *, port: int = 0, starttls: Path | None = None, tls: Path | None = None
) -> Iterator[PostOffice]:
    """Open a mail server until the block ends, on a free port unless one is named."""
    office = office or PostOffice()
    options: dict[str, Any] = {}
    if office.account is not None:
        options |= {"authenticator": office.login, "auth_required": tls is None, "auth_require_tls": tls is None}
    if starttls is not None:
        options |= {"tls_context": serving(starttls), "require_starttls": True}
    controller = Controller(
        office, hostname=HOST, port=port, ssl_context=serving(tls) if tls is not None else None, **options
    )
    controller._trigger_server = lambda: _visit(controller)  # type: ignore[method-assign] # its own knows no port 0
    controller.start()
    assert controller.server is not None
    office.port = controller.server.sockets[0].getsockname()[1]
    try:
        yield office
    finally:
        controller.stop()


def _visit(controller: Controller) -> None:
    """Come and go: the server is ready when it has seen somebody."""
    assert controller.server is not None
    socket.create_connection(controller.server.sockets[0].getsockname()).close()


@dataclass(frozen=True)
class Asked:
    """One request that came in."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, read as JSON."""
        return json.loads(self.body)


@dataclass
class Site:
    """A web server that notes what it is asked and answers as it is told."""

    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    answer: int = 200
    location: str | None = None  # where it redirects to


@contextmanager
def site(*, tls: Path | None = None) -> Iterator[Site]:
    """Serve until the block ends."""
    told = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            told.asked.append(Asked(self.command, self.path, dict(self.headers), self.rfile.read(length)))
            self.send_response(told.answer)
            if told.location is not None:
                self.send_header("Location", told.location)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_POST

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer((HOST, 0), Handler)
    if tls is not None:
        server.socket = serving(tls).wrap_socket(server.socket, server_side=True)
    scheme = "http" if tls is None else "https"
    told.url = f"{scheme}://{'localhost' if tls else HOST}:{server.server_address[1]}/hook"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
