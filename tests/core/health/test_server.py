"""What machines that look after an installation are answered, over real sockets."""

import http.client
import json
import socket
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field

import pytest

from core.errors import ConfigError
from core.health.pages import pages_for
from core.health.readiness import Part
from core.health.server import HealthServer


@dataclass
class Service:
    """What the pages tell of, to be changed by a test."""

    age: float = 0.0
    parts: list[Part] = field(default_factory=lambda: [Part(part="store", good=True, says="can be written to")])
    missing: bool = False
    accepted: list[str] = field(default_factory=list)

    def metrics(self, accept: str) -> tuple[bytes, str]:
        """Write something, unless the extra is missing."""
        self.accepted.append(accept)
        if self.missing:
            raise ConfigError(["type: pip install"])
        return b"understudy_items 1\n", "text/plain; version=0.0.4"


@pytest.fixture
def service() -> Service:
    """A service that is well."""
    return Service()


@pytest.fixture
def server(service: Service) -> Iterator[HealthServer]:
    """Its pages, on a port of this machine."""
    pages = pages_for(turned=lambda: service.age, parts=lambda: service.parts, metrics=service.metrics)
    with HealthServer("127.0.0.1:0", pages) as made:
        yield made


def ask(server: HealthServer, path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
    """Ask for a page."""
    with closing(http.client.HTTPConnection(server.address, timeout=30)) as connection:
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()


def test_a_process_that_gets_round_its_work_is_alive(server: HealthServer, service: Service) -> None:
    """One that has hung for more than a minute is not."""
    status, headers, body = ask(server, "/healthz")
    assert (status, headers["Content-Type"], json.loads(body)["alive"]) == (200, "application/json", True)
    service.age = 61
    status, _, body = ask(server, "/healthz")
    assert (status, json.loads(body)) == (503, {"alive": False, "seconds_since_last_turn": 61})


def test_one_part_that_is_not_good_makes_the_whole_not_ready(server: HealthServer, service: Service) -> None:
    """Every part is told, with what is wrong with it."""
    assert ask(server, "/readyz")[0] == 200
    service.parts.append(Part(part="disk", good=False, says="0.1 GB free"))
    status, _, body = ask(server, "/readyz")
    assert (status, json.loads(body)["ready"]) == (503, False)
    assert json.loads(body)["parts"][1] == {"part": "disk", "good": False, "says": "0.1 GB free"}


def test_metrics_come_in_the_format_asked_for(server: HealthServer, service: Service) -> None:
    """The reader's wish is handed on; without the extra the page says what to type."""
    status, headers, body = ask(server, "/metrics", Accept="application/openmetrics-text")
    assert (status, headers["Content-Type"], body) == (200, "text/plain; version=0.0.4", b"understudy_items 1\n")
    assert service.accepted == ["application/openmetrics-text"]
    service.missing = True
    assert ask(server, "/metrics")[::2] == (503, b"type: pip install\n")


def test_head_answers_without_a_body(server: HealthServer) -> None:
    """For probes that only want the status; the length of what GET would answer is told all the same."""
    host, _, port = server.address.rpartition(":")
    with closing(socket.create_connection((host, int(port)), timeout=30)) as connection:
        connection.sendall(b"HEAD /healthz HTTP/1.0\r\n\r\n")
        head, _, body = connection.makefile("rb").read().partition(b"\r\n\r\n")
    assert head.splitlines()[0] == b"HTTP/1.0 200 OK"
    assert f"Content-Length: {len(ask(server, '/healthz')[2])}".encode() in head
    assert body == b""


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_nothing_is_taken(server: HealthServer, method: str) -> None:
    """Whatever would change something is refused."""
    status, headers, _ = ask(server, "/healthz", method)
    assert (status, headers["Allow"]) == (405, "GET, HEAD")


def test_other_pages_are_not_there(server: HealthServer) -> None:
    """The answer names those that are; parameters change nothing; the program's version is not told."""
    status, headers, body = ask(server, "/etc/passwd")
    assert (status, body) == (404, b"here: /healthz, /readyz, /metrics\n")
    assert headers["Server"].strip() == "understudy"
    assert ask(server, "/healthz?x=1")[0] == 200


def test_a_reader_that_hangs_keeps_nobody_waiting(server: HealthServer) -> None:
    """While one connection says nothing, the next is answered, and the end does not wait for it."""
    host, _, port = server.address.rpartition(":")
    with closing(socket.create_connection((host, int(port)), timeout=30)):
        assert ask(server, "/healthz")[0] == 200


def test_an_address_that_is_taken_is_told(server: HealthServer) -> None:
    """The key of bots.toml is named, and what to do."""
    with pytest.raises(ConfigError, match=r"health.listen: 127.0.0.1:\d+ cannot be listened on: .*; name another port"):
        HealthServer(server.address, {})


def test_the_new_protocol_of_the_internet(service: Service) -> None:
    """An address in brackets is listened on, where the machine has any."""
    if not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    try:
        server = HealthServer("[::1]:0", pages_for(turned=lambda: 0, parts=list, metrics=service.metrics))
    except ConfigError:
        pytest.skip("no IPv6 here")
    with server:
        assert server.address.startswith("[::1]:")
        assert ask(server, "/healthz")[0] == 200
