"""Families of metrics written as Prometheus reads them; the one module that knows `prometheus_client`."""

from collections.abc import Iterable, Iterator
from typing import Any

from core.errors import ConfigError
from core.health.metrics import Family

CONTENT = "text/plain; version=0.0.4; charset=utf-8"  # of a file


def written(families: Iterable[Family], *, accept: str = "") -> tuple[bytes, str]:
    """Return the families as text, and its content type; `accept` is what the reader asks for in HTTP's words.

    Raises ConfigError, saying what to type, where the extra `metrics` is not installed.
    """
    try:
        from prometheus_client import CollectorRegistry
        from prometheus_client.exposition import choose_encoder
    except ModuleNotFoundError as error:
        raise ConfigError(
            ["metrics need the package prometheus-client; type: pip install 'understudy[metrics]'"]
        ) from error
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Given(families))
    encode, content_type = choose_encoder(accept)
    return encode(registry), content_type


class _Given:
    """A collector that collects what it was given."""

    def __init__(self, families: Iterable[Family]) -> None:
        self._families = families

    def describe(self) -> Iterator[Any]:
        yield from ()

    def collect(self) -> Iterator[Any]:
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        kinds = {"gauge": GaugeMetricFamily, "counter": CounterMetricFamily}
        for family in self._families:
            made: Any = kinds[family.kind](family.name, family.help, labels=family.labels)
            for labels, value in family.samples:
                made.add_metric(labels, value)
            yield made
