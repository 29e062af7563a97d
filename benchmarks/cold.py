"""Cold start: CPU time to import a function and make its clients, against boto3 with one client."""

import statistics
from collections import defaultdict

from benchmarks.lab import Lab
from benchmarks.report import Line, rounds

ROUNDS = 3


def measure(lab: Lab) -> list[Line]:
    """Initialize every function several times, in turn with the yardstick."""
    used: dict[str, list[float]] = defaultdict(list)
    for _ in rounds("cold start", ROUNDS):
        used["boto3"].append(lab.one_client().cpu_seconds)
        for folder in lab.specs:
            used[folder].append(lab.look(folder, 0).cpu_seconds)
    yardstick = statistics.median(used["boto3"])
    ratio = {name: statistics.median(values) / yardstick for name, values in used.items()}
    return [
        *(Line(folder, f"{ratio[folder]:.2f} x") for folder in lab.specs),
        Line("boto3 and one client", f"{1000 * yardstick:.0f} ms"),
    ]
