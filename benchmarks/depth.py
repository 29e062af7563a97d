"""Depth: by how much the fix comes later when each AWS call takes longer.

A slope of 4 means that 4 calls lie one behind the other between the event and the fix, however many
are made in all. It says how the code will do at AWS, whatever this machine is.
"""

import statistics
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.commands import commands
from benchmarks.lab import Lab, Ran, fix_at
from benchmarks.nights import FROZEN_WORKER
from benchmarks.report import Line, at_most, milliseconds, rounds
from benchmarks.world import World

DELAYS_SECONDS = (0.0, 0.04, 0.2)
ENDS_SECONDS = (0.0, 0.2)
"""For what is only compared with: two points make a slope as well."""
ROUNDS = 5
AIM = 4.2


@dataclass(frozen=True)
class Way:
    """One way from the event to the fix.

    Attributes:
        world: that it finds.
        run: goes it once, in a fresh process.
        took_seconds: per delay, each time.
    """

    world: World
    run: Callable[[], Ran]
    took_seconds: dict[float, list[float]]

    def slope(self) -> float:
        """Return seconds that the fix comes later per second of delay."""
        medians = [statistics.median(values) for values in self.took_seconds.values()]
        return statistics.linear_regression(list(self.took_seconds), medians).slope


def measure(lab: Lab) -> list[Line]:
    """Measure looks and the hand-typed order side by side."""
    told = lab.specs["worker_stuck"].settings
    typed = [one.call() for one in commands(told)]
    frozen = Way(World(lab.environment, FROZEN_WORKER), lab.look, _none_yet(DELAYS_SECONDS))
    replaced = World(lab.environment, FROZEN_WORKER, stopped=2)
    stopped = Way(replaced, lab.look, _none_yet(ENDS_SECONDS))
    by_hand = Way(replaced, lambda: lab.calls(typed), _none_yet(ENDS_SECONDS))
    for _ in rounds("depth", ROUNDS):
        for delay in DELAYS_SECONDS:
            for way in (frozen, stopped, by_hand):
                if delay in way.took_seconds:
                    way.took_seconds[delay].append(_once(lab, way, delay))
    return [
        at_most("a look at a frozen worker", frozen.slope(), AIM),
        Line("one with stopped tasks: listed, then described", f"{stopped.slope():.2f}"),
        Line(f"by hand: {len(typed)} calls in one process", f"{by_hand.slope():.2f}"),
        *(
            Line(f"event to fix at {1000 * delay:.0f} ms a call", milliseconds(seconds))
            for delay, seconds in frozen.took_seconds.items()
        ),
    ]


def _none_yet(delays: tuple[float, ...]) -> dict[float, list[float]]:
    return {delay: [] for delay in delays}


def _once(lab: Lab, way: Way, delay: float) -> float:
    lab.server.world, lab.server.delay_seconds = way.world, delay
    ran = way.run()
    return fix_at(lab.server.take(), ran) - float(ran.said["began"][0])
