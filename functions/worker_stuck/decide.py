"""Runbook scenario F as a table: what is seen, what follows. Pure: no AWS, no clock, no environment.

The rows are asked in order; the first that applies decides.

=====================================================  ==========================================
sees                                                   decides
=====================================================  ==========================================
Redis down                                             hand over to D; 10 min later: escalate
a redeploy of ours is not yet judged                   its own rows, see ``_verify``
queue short and alarms OK for 5 min                    resolve; one rings on for 15 min: escalate
tasks that cannot start, or that ECS counts as failed
  and none is seen to crash; service scaled to 0       escalate with ECS's reason
crash loop                                             redeploy once; again: escalate with rollback
fewer tasks than desired                               wait for ECS; 10 min: escalate
queue falling fast enough, or workers busy             wait; not drained in 30 min: escalate
somebody's deployment is complete for less than 5 min  wait
queue not falling fast enough, logs quiet, CPU idle    redeploy
=====================================================  ==========================================
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile

from runbook import crashes
from runbook.checks import ecs, metrics
from runbook.checks.metrics import Samples
from runbook.clock import minutes, whole_minutes
from runbook.fixes import redeploy
from runbook.model import (
    Apply,
    Attempt,
    Decision,
    Escalate,
    HandOver,
    Incident,
    Outcome,
    Resolve,
    Unknown,
    Verdict,
    Wait,
)
from runbook.ringing import good_since, ringing
from worker_stuck.checks import QUIET, STALE, Facts

FEWEST_SAMPLES = 3
"""Datapoints that a verdict needs."""


@dataclass(frozen=True)
class Limits:
    """The numbers of the table.

    Attributes:
        queue_depth_good: messages; fewer is good. The alarm's threshold.
        held_per_task: messages that one task can hold without finishing any: concurrency x
            (1 + prefetch). New workers that freeze take that many off the queue, so it proves nothing.
        stuck_probes: one a minute; 5 outlast a burst of arrivals and a slow task.
        idle_cpu_percent: a consuming Celery worker was never seen below; a stopped one is at 0.
        good_minutes: that the symptom must stay away before the end.
        drain_minutes: that a backlog may take before a person is asked to scale out; a queue that would
            take longer at its rate shows no work: one message fewer in 4 min is none.
        start_minutes: that ECS may take to start tasks.
        redis_minutes: after the hand-over that Redis may be away: longer than an ElastiCache failover.
        crashes: in one deployment within ``crash_minutes`` that make a crash loop.
        crash_minutes: see ``crashes``; ECS backs off, so a loop makes about one crash in 3 min.
    """

    queue_depth_good: int
    held_per_task: int
    stuck_probes: int = 5
    idle_cpu_percent: float = 2.0
    good_minutes: int = 5
    drain_minutes: int = 30
    start_minutes: int = 10
    redis_minutes: int = 10
    crashes: int = 3
    crash_minutes: int = 15


@dataclass(frozen=True)
class Commands:
    """What a person types next, filled in; and which Redis a hand-over is about."""

    redeploy: str
    rollback: str
    scale_out: str
    look: str
    redis: str


Row = Callable[[Facts, Incident, Limits, Commands], Decision | None]


def decide(facts: Facts, incident: Incident, limits: Limits, commands: Commands) -> Decision:
    """Choose what to do about the worker.

    Args:
        facts: what the checks read.
        incident: its history: what was applied, when, and what it left.
        limits: the numbers of the table.
        commands: what a person would type, for proposals.

    Returns:
        The first row's decision. Never raises.
    """
    for row in _ROWS:
        decision = row(facts, incident, limits, commands)
        if decision is not None:
            return decision
    return Wait("none of the rows applies: not stuck, not drained yet")


def _blind(*facts: object) -> Wait | None:
    """Return a blind wait if one of the facts that a row needs is unknown."""
    unknown = [fact.why for fact in facts if isinstance(fact, Unknown)]
    return Wait("; ".join(unknown), blind=True) if unknown else None


def _redis(facts: Facts, incident: Incident, limits: Limits, commands: Commands) -> Decision | None:
    up = facts.redis_up
    if isinstance(up, Unknown):
        return _blind(up)
    if not up or facts.at - up[-1].at > STALE:
        return Wait("the Redis probe is silent: no datapoint for 5 min", blind=True)
    if up[-1].value >= 1:
        return None
    why = "Redis is down: the worker cannot consume, and is not touched"
    if incident.handed_over_at is None:
        return HandOver("redis_unavailable", commands.redis, why)
    since = max(incident.handed_over_at, _down_since(up))
    if facts.at - since < minutes(limits.redis_minutes):
        return Wait(f"{why}; handed over at {incident.handed_over_at:%H:%M}")
    return Escalate(f"{why}; handed over, and down for {limits.redis_minutes} min", commands.look)


def _down_since(up: Samples) -> datetime:
    """Return the first minute of those without a break in which Redis was down, up to the newest."""
    down = takewhile(lambda one: one.value < 1, reversed(up))
    return min(one.at for one in down)


def _verify(
    facts: Facts, incident: Incident, limits: Limits, commands: Commands
) -> Decision | None:
    """Judge the last redeploy: ECS's answer is not the verdict, consumption is."""
    attempt = incident.unverified
    if attempt is None:
        return None
    service = facts.service
    if isinstance(service, Unknown):
        return _blind(service)
    if service.primary.id != attempt.left["deployment"]:
        why = f"somebody deployed {service.primary.id} after our {attempt.left['deployment']}"
        return Wait(why, verdict=Verdict(Outcome.SUPERSEDED, why))
    line = _looping(facts, limits)
    if line:
        why = f"the worker crash-loops again after the redeploy: {line}"
        return Escalate(why, commands.rollback, Verdict(Outcome.FAILED, why))
    settling = redeploy.settling(facts.at, service, attempt)
    return settling or _blind(facts.stopped) or _consumed(facts, limits, attempt, service)


def _consumed(facts: Facts, limits: Limits, attempt: Attempt, service: ecs.Service) -> Decision:
    queue = facts.queue
    if isinstance(queue, Unknown):
        return Wait(queue.why, blind=True)
    if queue.run != attempt.prior.get("redis_run", queue.run):
        why = "Redis restarted since the redeploy was decided: it cannot be judged by this queue"
        return Wait(why, verdict=Verdict(Outcome.SUPERSEDED, why))
    since = attempt.outcome_at or attempt.tried_at
    settled_at = max(since, service.primary.updated_at)
    probes = metrics.newest(metrics.since(queue.depth, settled_at), FEWEST_SAMPLES)
    if len(probes) < FEWEST_SAMPLES:
        return Wait(f"{len(probes)} probes since the redeploy, {FEWEST_SAMPLES} are needed")
    before, now = int(attempt.prior["depth"]), int(max(sample.value for sample in probes))
    held = limits.held_per_task * service.desired
    empty = _emptied(facts, before, now)
    if isinstance(empty, Unknown):
        return Wait(empty.why, blind=True)
    falls = max(before - now, probes[0].value - probes[-1].value)
    if falls > held or empty:
        why = f"the queue fell from {before} to {now} after the redeploy of {since:%H:%M}"
        if before - now <= held and not empty:
            why = f"the queue falls by {falls:g} in 3 min since the redeploy of {since:%H:%M}"
        return Wait(why, verdict=Verdict(Outcome.VERIFIED, why))
    why = (
        f"the redeploy of {since:%H:%M} did not help: the queue went from {before} to {now}; "
        f"a fall of more than {held} would prove that it is consumed"
    )
    return Escalate(why, verdict=Verdict(Outcome.FAILED, why))


def _emptied(facts: Facts, before: int, now: int) -> bool | Unknown:
    """Say whether a short queue was worked off: frozen tasks could hold all of it, unacknowledged."""
    if now > 0 or before == 0:
        return False
    unacked = facts.unacked
    if isinstance(unacked, Unknown):
        return unacked
    return bool(unacked) and unacked[-1].value == 0


def _good(facts: Facts, incident: Incident, limits: Limits, commands: Commands) -> Decision | None:
    queue = facts.queue
    if isinstance(queue, Unknown):
        return Wait(queue.why, blind=True)
    now, good = queue.depth[-1].value, limits.queue_depth_good
    if now >= good:
        return None
    recent = metrics.since(queue.depth, facts.at - minutes(limits.good_minutes + 1))
    if len(recent) < limits.good_minutes or any(sample.value >= good for sample in recent):
        return Wait(f"the queue is short again ({now:g}); watching for {limits.good_minutes} min")
    since = good_since((one.at, one.value < good) for one in queue.depth)
    shown = "the queue is short again"
    rings = ringing(facts.alarms, incident, facts.at, since, shown, commands.look)
    return rings or Resolve(
        f"fewer than {good} messages for {limits.good_minutes} min (now {now:g}), alarms OK"
    )


def _cannot_start(
    facts: Facts, incident: Incident, limits: Limits, commands: Commands
) -> Decision | None:
    del incident
    service, stopped = facts.service, facts.stopped
    if isinstance(service, Unknown) or isinstance(stopped, Unknown):
        return _blind(service, stopped)
    if service.desired == 0:
        return Escalate("the worker is scaled to 0: nobody consumes the queue", commands.scale_out)
    since = facts.at - minutes(limits.crash_minutes)
    failed = crashes.failed_starts(service, stopped, since)
    if failed:
        return Escalate(f"worker tasks cannot start: {failed[0].reason}", commands.look)
    counted = crashes.unexplained(service, stopped, since, limits.crashes)
    return Escalate(f"worker tasks do not come up: {counted}", commands.look) if counted else None


def _looping(facts: Facts, limits: Limits) -> str:
    """Return what shows a crash loop of the primary deployment, an empty text when nothing does."""
    service, stopped = facts.service, facts.stopped
    if isinstance(service, Unknown) or isinstance(stopped, Unknown):
        return ""
    since = facts.at - minutes(limits.crash_minutes)
    return crashes.loop(service, stopped, since, limits.crashes)


def _crash_loop(
    facts: Facts, incident: Incident, limits: Limits, commands: Commands
) -> Decision | None:
    line = _looping(facts, limits)
    if not line:
        return None
    if any(one.outcome is not Outcome.REFUSED for one in incident.attempts):
        return Escalate(f"the worker crash-loops again: {line}", commands.rollback)
    queue = facts.queue
    if isinstance(queue, Unknown):
        return Wait(queue.why, blind=True)
    return Apply("redeploy", f"the worker crash-loops: {line}", queue.remember())


def _starting(
    facts: Facts, incident: Incident, limits: Limits, commands: Commands
) -> Decision | None:
    service = facts.service
    if isinstance(service, Unknown) or service.running >= service.desired:
        return None
    stops = () if isinstance(facts.stopped, Unknown) else facts.stopped
    ended = [one.stopped_at for one in stops[:1]]
    since = max([incident.since, service.primary.created_at, *ended])
    why = f"{service.running} of {service.desired} worker tasks run"
    if facts.at - since < minutes(limits.start_minutes):
        return Wait(f"{why}; ECS is starting the others")
    return Escalate(f"{why}, and ECS has not started the others in 10 min", commands.look)


def _draining(
    facts: Facts, incident: Incident, limits: Limits, commands: Commands
) -> Decision | None:
    queue = facts.queue
    if isinstance(queue, Unknown):
        return Wait(queue.why, blind=True)
    probes = metrics.newest(queue.depth, limits.stuck_probes)
    if len(probes) < limits.stuck_probes:
        return Wait(f"{len(probes)} probes of the queue, {limits.stuck_probes} are needed")
    busy, how = _busy(facts, limits), _moves(probes)
    if not _drains(probes, limits, limits.drain_minutes):
        if isinstance(busy, Unknown):
            return Wait(busy.why, blind=True)
        if not busy:
            return None
        how = f"{how}, but {busy}"
    waited = whole_minutes(facts.at - incident.since)
    if waited < limits.drain_minutes or _drains(probes, limits, limits.drain_minutes / 3):
        return Wait(
            f"the queue has {probes[-1].value:g} messages, {how}: a backlog, not a stuck worker"
        )
    return Escalate(
        f"a backlog: scale out. {probes[-1].value:g} messages, {how}, not drained in {waited} min",
        commands.scale_out,
    )


def _falls(probes: Samples) -> float:
    """Return by how many messages a minute the queue falls; negative where it grows."""
    passed = (probes[-1].at - probes[0].at) / minutes(1)
    return (probes[0].value - probes[-1].value) / passed if passed else 0.0


def _moves(probes: Samples) -> str:
    falls = _falls(probes)
    return f"falling by {falls:g} a minute" if falls > 0 else "not falling"


def _drains(probes: Samples, limits: Limits, within: float) -> bool:
    """Say whether the queue falls fast enough to be short again within so many minutes."""
    falls = _falls(probes)
    return falls > 0 and (probes[-1].value - limits.queue_depth_good) / falls <= within


def _busy(facts: Facts, limits: Limits) -> str | Unknown:
    """Return how the workers show that they work, an empty text when they show nothing."""
    if facts.quiet is False:
        return f"the worker has logged within {whole_minutes(QUIET)} min"
    cpu = facts.cpu
    if not isinstance(cpu, Unknown):
        recent = metrics.since(cpu, facts.at - STALE - minutes(limits.stuck_probes))
        recent = metrics.newest(recent, limits.stuck_probes)
        if recent and max(sample.value for sample in recent) >= limits.idle_cpu_percent:
            return f"CPU is at {max(sample.value for sample in recent):.1f} %"
        if len(recent) < FEWEST_SAMPLES:
            return Unknown(f"the worker's CPU: {len(recent)} datapoints in 10 min")
    unknown = _blind(facts.quiet, cpu)
    return Unknown(unknown.reason) if unknown else ""


def _fresh(facts: Facts, incident: Incident, limits: Limits, commands: Commands) -> Decision | None:
    del incident, limits, commands
    service = facts.service
    if isinstance(service, Unknown):
        return None
    primary = service.primary
    # ECS may touch a deployment long after it was completed; it does not count as fresh for ever.
    settled_at = min(
        primary.updated_at + redeploy.SETTLE,
        primary.created_at + redeploy.COMPLETED_DEADLINE + redeploy.SETTLE,
    )
    if primary.rollout_state != "COMPLETED" or facts.at >= settled_at:
        return None  # one in progress is the gate's to refuse: it knows the deadline
    return Wait(
        f"deployment {primary.id} of {primary.created_at:%H:%M} settles until {settled_at:%H:%M}: "
        "the numbers are still those of the tasks before it"
    )


def _stuck(facts: Facts, incident: Incident, limits: Limits, commands: Commands) -> Decision | None:
    del incident, commands
    queue = facts.queue
    if isinstance(queue, Unknown):
        return Wait(queue.why, blind=True)
    probes = metrics.newest(queue.depth, limits.stuck_probes)
    if any(sample.value == 0 for sample in probes):
        return Wait(f"the queue was empty within the last {limits.stuck_probes} probes")
    first, last = probes[0], probes[-1]
    return Apply(
        "redeploy",
        f"the worker is stuck: {last.value:g} messages, {_moves(probes)} over {limits.stuck_probes} probes "
        f"({first.value:g} before), no log line for {whole_minutes(QUIET)} min, "
        f"CPU under {limits.idle_cpu_percent:g} %",
        queue.remember(),
    )


_ROWS: tuple[Row, ...] = (
    _redis,
    _verify,
    _good,
    _cannot_start,
    _crash_loop,
    _starting,
    _draining,
    _fresh,
    _stuck,
)
