"""Measures everything side by side, part by part; its numbers are ratios, so machines compare.

Nothing is asserted: a busy machine must not turn a build red. It fails only where it cannot run.
"""

import sys

from benchmarks import by_hand, calls, cold, depth, growth
from benchmarks.lab import open_lab
from benchmarks.report import show
from benchmarks.staying import LabError
from benchmarks.world import StrangeCallError

PARTS = {
    "Depth: AWS calls one behind the other, from event to fix": depth.measure,
    "Faster than by hand, 40 ms a call, wall time to the fix": by_hand.measure,
    "AWS calls, worker_stuck": calls.measure,
    "Growth: depth and calls of a first look; the depth should not grow, calls by pages only": growth.measure,
    "Cold start: CPU of imports and clients, against boto3 with one client": cold.measure,
}


def main() -> int:
    """Run all parts; return the exit code."""
    try:
        with open_lab() as lab:
            print(f"functions run on {lab.python_version()}, from the assets that the stack ships")
            lab.fill_caches()
            for title, measure in PARTS.items():
                show(title, measure(lab))
    except (LabError, StrangeCallError, OSError) as error:
        print(f"cannot measure: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
