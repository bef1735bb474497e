"""`python -m benchmarks [NAME...]`: measure speed and reading in one go, print every bar; 1 when one is missed."""

import sys
from importlib import import_module

NAMES = ("startup", "words", "reading", "entering", "trail")


def main(arguments: list[str]) -> int:
    """Run the named benchmarks, or all."""
    unknown = [name for name in arguments if name not in NAMES]
    if unknown:
        print(f"no benchmark {', '.join(unknown)}; there are: {', '.join(NAMES)}", file=sys.stderr)
        return 2
    missed = []
    for name in arguments or NAMES:
        print(f"\n== {name}", flush=True)
        sys.argv = [name]  # a benchmark's own options are for `python -m benchmarks.NAME`
        if import_module(f"benchmarks.{name}").main():
            missed.append(name)
    print(f"\nMissed bars in: {', '.join(missed)}" if missed else "\nEvery bar is met.")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
