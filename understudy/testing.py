"""What a bot's author tests with: the real store in memory, a clock that tests move, a stage to run a bot on."""

from core.target import TargetSettings
from core.testing import FakeClock, Stage, loaded

__all__ = ["FakeClock", "Stage", "TargetSettings", "loaded"]
