"""What a bot's author tests with: the real store in memory, a clock that tests move, a stage, accepted twins."""

from core.target import TargetSettings
from core.testing import FakeClock, Stage, Twin, loaded, twins

__all__ = ["FakeClock", "Stage", "TargetSettings", "Twin", "loaded", "twins"]
