"""How depth and calls of a look grow with the tasks of the services and the lines of their logs.

Each function stays in one process and looks at nights of several sizes, at several delays: the depth is the
slope of a look's time over the delay, from the event to the answer. The log's search is the worst there is:
every line is an error.
"""

import math
import statistics
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from benchmarks.lab import Lab
from benchmarks.nights import NIGHTS, Night
from benchmarks.report import Line, rounds
from benchmarks.server import Call
from benchmarks.staying import LabError, Looked
from benchmarks.world import World

DELAYS_SECONDS = (0.0, 0.04, 0.2)
WARM_UPS = 2
"""Looks per delay that make the connections, and do not count."""
ROUNDS = 2
PAGE_OF_TASKS = 100
MOST_PAGES, MOST_LINES = 3, 1000
"""Of one search in a log, whatever it has, and of each of its pages."""
PAGED = frozenset({"ListTasks", "DescribeTasks"})
SEARCH = "FilterLogEvents"
HEAD = f"{'depth':>5} {'':>7} {'calls':>5} {'':>7} {'log lines':>9}"
TOLERANCE = 0.5
"""Calls: a call more in the chain is a whole one, and noise is less than half."""


@dataclass(frozen=True)
class Size:
    """How much there is.

    Attributes:
        running: tasks of each service.
        stopped: of each service's tasks, within the last hour.
        lines: of each log group, in half an hour.
    """

    running: int
    stopped: int
    lines: int

    def __str__(self) -> str:
        """Return it for a row."""
        return f"{self.running:>6,} tasks {self.stopped:>6,} stopped {self.lines:>8,} lines"


SMALLEST = Size(10, 10, 10)
SIZES = (
    SMALLEST,
    Size(100, 100, 10),
    Size(1000, 300, 10),
    Size(1000, 1000, 10),
    Size(10, 10, 100_000),
    Size(1000, 1000, 100_000),
)


@dataclass
class Cell:
    """What one function's looks at one size were like.

    Attributes:
        took_seconds: per delay, each time.
        calls: of one look, by operation.
        lines: that one look read from logs.
        decided: what the look came to.
        unknown: what it could not know, in its words.
    """

    took_seconds: dict[float, list[float]] = field(
        default_factory=lambda: {delay: [] for delay in DELAYS_SECONDS}
    )
    calls: Counter[str] = field(default_factory=Counter)
    lines: int = 0
    decided: str = ""
    unknown: tuple[str, ...] = ()

    def depth(self) -> float:
        """Return by how many seconds a look is longer per second of delay."""
        medians = [statistics.median(values) for values in self.took_seconds.values()]
        return statistics.linear_regression(list(self.took_seconds), medians).slope

    def keep(self, delay: float, looked: Looked, calls: list[Call]) -> None:
        """Add one look."""
        self.took_seconds[delay].append(looked.seconds)
        self.calls = Counter(call.operation for call in calls)
        self.lines = sum(call.lines for call in calls)
        self.decided = _decided(looked.answer)
        self.unknown = tuple(_unknown(looked.answer))


Cells = dict[Size, Cell]


def measure(lab: Lab) -> list[Line]:
    """Measure every function that looks, one after the other."""
    found = [Line("", HEAD)]
    for night in NIGHTS:
        cells: Cells = {size: Cell() for size in SIZES}
        with lab.stay(night) as look:
            for _ in range(WARM_UPS):
                _measure(lab, night, SMALLEST, look, Cell())
            for _ in rounds(f"growth, {night.folder}", ROUNDS):
                for size in SIZES:
                    _measure(lab, night, size, look, cells[size])
        found += _rows(night, cells)
    return found


def _measure(lab: Lab, night: Night, size: Size, look: Callable[[], Looked], cell: Cell) -> None:
    lab.server.world = World(lab.environment, night, size.running, size.stopped, size.lines)
    for delay in DELAYS_SECONDS:
        lab.server.delay_seconds = delay
        lab.server.take()
        looked = look()
        cell.keep(delay, looked, lab.server.take())
    strange = [why for why in cell.unknown if "more than" not in why]
    if size == SMALLEST and cell.decided != night.decides:
        strange.append(f"it decided {cell.decided}, {night.decides} was meant")
    if strange:
        raise LabError(f"a look of {night.folder} is not what was meant: {strange}")


def _decided(answer: Mapping[str, Any]) -> str:
    if answer.get("changed", "nothing") != "nothing":
        return "Apply"
    return str(answer.get("decided", "report"))


def _unknown(answer: object) -> Iterator[str]:
    """Yield each line of an answer that says that something is unknown."""
    if isinstance(answer, Mapping):
        answer = list(answer.values())
    if isinstance(answer, list):
        for one in answer:
            yield from _unknown(one)
    elif isinstance(answer, str) and "unknown: " in answer:
        yield answer


def _rows(night: Night, cells: Cells) -> Iterator[Line]:
    least = cells[SMALLEST]
    for size, cell in cells.items():
        depth, count = cell.depth(), cell.calls.total()
        more = depth - least.depth()
        what = f"{night.folder:<19}{size}  {cell.decided}"
        reached = (
            f"{depth:5.2f} {depth / least.depth():5.2f} x {count:>5}"
            f" {count / least.calls.total():5.2f} x {cell.lines:>9,}"
        )
        beyond = list(_beyond(night, size, cell, least))
        why = [f"depth + {more:.1f}"] if more > TOLERANCE else []
        yield Line(what, reached, "; ".join([*why, *beyond]), not (why or beyond))


def _beyond(night: Night, size: Size, cell: Cell, least: Cell) -> Iterator[str]:
    """Yield what there is more of than AWS's page size asks for, and than the caps of logs allow."""
    pages = math.ceil(max(size.running, size.stopped) / PAGE_OF_TASKS)
    for operation, count in sorted(cell.calls.items()):
        most = least.calls[operation] * (pages if operation in PAGED else 1)
        if operation == SEARCH:
            most = night.searches * MOST_PAGES
        if count > most:
            yield f"{count} {operation}"
    if cell.lines > night.searches * MOST_PAGES * MOST_LINES:
        yield f"{cell.lines:,} log lines"
