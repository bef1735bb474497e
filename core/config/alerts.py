"""What bots.toml says of alerts, checked across its keys: a channel has the keys of its kind, and a way to people."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from urllib.parse import urlsplit

from core.config.problems import Wrong, is_wrong
from core.config.tables import AlertsTable, ChannelTable

_OF_ALL = {"kind", "severity", "timeout"}
_OF = {
    "smtp": {"host", "port", "security", "sender", "to", "user", "password"},
    "webhook": {"url", "bearer", "format"},
    "apprise": {"urls"},
}
_NEEDED = {"smtp": ("host", "sender"), "webhook": ("url",), "apprise": ("urls",)}


def problems_of(table: AlertsTable, *, where: str, wrong: Wrong = frozenset()) -> list[str]:
    """Return what is wrong with `[alerts]`, each with its key; of a wrong value only that it is wrong."""
    found = []
    for name, channel in table.channels.items():
        refused = {key for key in ChannelTable.model_fields if is_wrong(wrong, "alerts", "channels", name, key)}
        if is_wrong(wrong, "alerts", "to"):
            refused.add("to")
        found += [f"{where}: alerts.channels.{name}{problem}" for problem in _problems(channel, table, refused)]
    for key in ("dead_man", "link"):
        value = getattr(table, key)
        if value is not None and "://" in value and urlsplit(value).scheme not in ("http", "https"):
            found.append(f"{where}: alerts.{key} is {value!r}; expected a URL that begins with https://")
    return found


def _problems(channel: ChannelTable, alerts: AlertsTable, refused: AbstractSet[str]) -> Iterator[str]:
    allowed = _OF_ALL | _OF[channel.kind]
    for key in channel.model_fields_set - allowed:
        yield f".{key}: a channel of kind {channel.kind!r} has no such key; its keys: {', '.join(sorted(allowed))}"
    for key in _NEEDED[channel.kind]:
        if not getattr(channel, key) and key not in refused:
            yield f": {key!r} is missing; a channel of kind {channel.kind!r} needs it"
    if channel.kind == "smtp" and not (channel.to or alerts.to or "to" in refused):
        yield ": nobody to send to; name `to` here, or in [alerts] for every mail"
    if (channel.user is None) != (channel.password is None) and not refused & {"user", "password"}:
        yield ": `user` and `password` name the two secrets of one login; give both, or neither"
    if channel.user is not None and channel.security == "none":
        yield ".security is 'none': a password would be sent for all to read; expected 'starttls' or 'tls'"
    if channel.url is not None and "://" in channel.url and urlsplit(channel.url).scheme not in ("http", "https"):
        yield ".url is no URL of the web; expected one that begins with https://, or the name of a secret"
