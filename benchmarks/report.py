"""The lines of each part's table, and the progress until then."""

import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

STARTED = time.monotonic()


@dataclass(frozen=True)
class Line:
    """One result.

    Attributes:
        what: was measured.
        reached: with its unit.
        aim: what it should be; empty where nothing was promised.
        met: whether it is; None where nothing was promised.
    """

    what: str
    reached: str
    aim: str = ""
    met: bool | None = None


def at_most(what: str, value: float, aim: float) -> Line:
    """Return a result that should not be larger than its aim."""
    return Line(what, f"{value:.2f}", f"<= {aim:g}", value <= aim)


def at_least(what: str, value: float, aim: float) -> Line:
    """Return a ratio that should not be smaller than its aim."""
    return Line(what, f"{value:.1f} x", f">= {aim:g} x", value >= aim)


def rounds(what: str, count: int) -> Iterator[int]:
    """Count rounds, and say so: what is compared is measured side by side in each of them."""
    for number in range(1, count + 1):
        seconds = time.monotonic() - STARTED
        print(f"{seconds:4.0f} s  {what}: round {number} of {count}", flush=True)
        yield number


def milliseconds(values: Sequence[float]) -> str:
    """Return the median and the range."""
    low, middle, high = (
        1000 * one for one in (min(values), statistics.median(values), max(values))
    )
    return f"{middle:.0f} ms ({low:.0f} to {high:.0f})"


def show(title: str, lines: Sequence[Line]) -> None:
    """Print the table of one part."""
    what = max(78, *(len(part) for line in lines for part in line.what.splitlines()))
    reached = max(14, *(len(line.reached) for line in lines))
    print(f"\n{title}\n{'-' * (what + reached + 20)}")
    for line in lines:
        verdict = {True: "met", False: "NOT met", None: ""}[line.met]
        print(f"{line.what:<{what}} {line.reached:>{reached}}  {line.aim:<8} {verdict}".rstrip())
    print(flush=True)
