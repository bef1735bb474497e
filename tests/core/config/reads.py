"""Reading a bots.toml from a text, for the tests of what is in it."""

from pathlib import Path

import pytest

from core.config import Config, read_config
from core.errors import ConfigError


def read(folder: Path, text: str, *, chosen: str | None = None, **overlays: str) -> Config:
    """Write the files and read them."""
    (folder / "bots.toml").write_text(text, encoding="utf-8")
    for name, overlay in overlays.items():
        (folder / f"bots.{name}.toml").write_text(overlay, encoding="utf-8")
    return read_config(folder, environment={} if chosen is None else {"UNDERSTUDY_ENV": chosen})


def problems(folder: Path, text: str, *, chosen: str | None = None, **overlays: str) -> list[str]:
    """Return what is wrong with the files."""
    with pytest.raises(ConfigError) as refused:
        read(folder, text, chosen=chosen, **overlays)
    return list(refused.value.problems)
