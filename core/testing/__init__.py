"""What a bot's author tests with: the real store in memory, a fake clock, a stage to run a bot on, accepted twins."""

from core.clock import FakeClock
from core.testing.stage import Stage, loaded
from core.testing.twins import Twin, twins

__all__ = ["FakeClock", "Stage", "Twin", "loaded", "twins"]
