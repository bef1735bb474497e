"""What must stay fast and right, measured: each module's `main()` prints figures and bars; 1 when a bar is missed."""


class Bars:
    """Prints each bar with PASS or FAIL, and remembers whether one was missed."""

    def __init__(self) -> None:
        self.code = 0  # 1 as soon as a bar is missed

    def at_least(self, what: str, value: float, bar: float, unit: str = "") -> None:
        """Judge a value that may not be lower."""
        self._judge(what, value, bar, unit, right=value >= bar, word="at least")

    def at_most(self, what: str, value: float, bar: float, unit: str = "") -> None:
        """Judge a value that may not be higher."""
        self._judge(what, value, bar, unit, right=value <= bar, word="at most")

    def _judge(self, what: str, value: float, bar: float, unit: str, *, right: bool, word: str) -> None:
        percent = unit == "%"
        told = f"{value:.1%}" if percent else f"{value:.2f} {unit}".rstrip()
        wanted = f"{bar:.0%}" if percent else f"{bar:g}"
        print(f"{'PASS' if right else 'FAIL'}  {what}: {told} (bar: {word} {wanted})")
        if not right:
            self.code = 1
