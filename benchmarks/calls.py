"""How many AWS calls a look makes: what throttles a storm of alarms, and what GetMetricData costs."""

from collections import Counter

from benchmarks.lab import Lab, fix_at
from benchmarks.nights import FROZEN_WORKER
from benchmarks.report import Line
from benchmarks.world import World


def measure(lab: Lab) -> list[Line]:
    """Count the calls of a look that fixes, and of an alarm that comes twice."""
    lab.server.delay_seconds = 0.0
    lab.server.world = World(lab.environment, FROZEN_WORKER)
    ran = lab.look()
    calls = lab.server.take()
    fixed = fix_at(calls, ran)
    before = sum(call.answered_at <= fixed for call in calls)
    lab.server.world = World(lab.environment, FROZEN_WORKER, held=True)
    lab.look()
    again = Counter(call.operation for call in lab.server.take())
    writes = again["UpdateItem"]
    return [
        Line("a look that fixes: calls until the fix", str(before)),
        Line("a look that fixes: calls in all, with record and message", str(len(calls))),
        Line("an alarm that comes twice: calls in all", str(sum(again.values()))),
        Line("of those, writes (the refused claim, and the count)", str(writes)),
    ]
