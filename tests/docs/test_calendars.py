"""docs/howto/calendars.md: what it shows is read as it stands."""

import re
from datetime import date
from pathlib import Path

from core.config import read_config
from tests.architecture.source import ROOT

PAGE = (ROOT / "docs" / "howto" / "calendars.md").read_text(encoding="utf-8")


def test_the_examples_work(tmp_path: Path) -> None:
    """The bots.toml and the override file of the page make the calendar that it speaks of."""
    main, overrides = re.findall(r"```toml\n(.+?)```", PAGE, re.DOTALL)
    (tmp_path / "bots.toml").write_text(main, encoding="utf-8")
    file = tmp_path / re.match(r"# (\S+)\n", overrides)[1]  # type: ignore[index]
    file.parent.mkdir()
    file.write_text(overrides, encoding="utf-8")
    config = read_config(tmp_path, environment={})
    wales = config.calendars()["wales"]
    assert [wales.is_workday(date(2026, 12, day)) for day in (23, 24, 28, 29, 31)] == [True, False, False, False, False]
    assert (wales.is_workday(date(2027, 5, 31)), wales.holiday(date(2027, 6, 7))) == (True, "Extra bank holiday")
    assert [schedule.calendar for schedule in config.schedules()] == [wales]


def test_the_known_years_are_those_of_the_program() -> None:
    """The page says up to when bank holidays are known for sure."""
    from core.timing.calendars import KNOWN_UNTIL

    assert f"{KNOWN_UNTIL:%d %B %Y}" in PAGE
