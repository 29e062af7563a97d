"""Runbook scenario F as a table: what is seen, what follows. Pure: no AWS, no clock, no environment.

The rows are asked in order; the first that applies decides.

=====================================================  ==========================================
sees                                                   decides
=====================================================  ==========================================
Redis down                                             wait; 10 min: escalate (runbook scenario D)
a redeploy of ours is not yet judged                   its own rows, see ``_verify``
queue short and alarms OK for 5 min                    resolve
tasks that cannot start, service scaled to 0           escalate with ECS's reason
crash loop                                             redeploy once; again: escalate with rollback
fewer tasks than desired                               wait for ECS; 10 min: escalate
queue falling fast enough, or workers busy             wait; not drained in 30 min: escalate
queue not falling, logs quiet, CPU idle                redeploy
=====================================================  ==========================================
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from runbook.checks import ecs, metrics
from runbook.checks.metrics import Samples
from runbook.clock import whole_minutes
from runbook.fixes import redeploy
from runbook.model import (
    Apply,
    Attempt,
    Decision,
    Escalate,
    Incident,
    Outcome,
    Resolve,
    Unknown,
    Verdict,
    Wait,
)
from worker_stuck.checks import QUIET, Facts

STALE = timedelta(minutes=5)
"""A newest datapoint older than this tells nothing: the probe, or CloudWatch, is behind."""
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
        drain_minutes: that a backlog may take before a person is asked to scale out.
        start_minutes: that ECS may take to start tasks.
        redis_minutes: that Redis may be away: longer than an ElastiCache failover.
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
    """What a person types next, filled in."""

    redeploy: str
    rollback: str
    scale_out: str
    look: str


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


def _minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def _redis(facts: Facts, incident: Incident, limits: Limits, commands: Commands) -> Decision | None:
    del incident
    up = facts.redis_up
    if isinstance(up, Unknown):
        return _blind(up)
    if not up or facts.at - up[-1].at > STALE:
        return Wait("the Redis probe is silent: no datapoint for 5 min", blind=True)
    if up[-1].value >= 1:
        return None
    down = metrics.newest(up, limits.redis_minutes)
    if len(down) == limits.redis_minutes and not any(sample.value for sample in down):
        return Escalate(
            f"Redis has been down for {limits.redis_minutes} min: this is runbook scenario D, "
            "the worker is not touched",
            commands.look,
        )
    return Wait("Redis is down: the worker cannot consume, and is not touched")


def _depth(facts: Facts) -> Samples | Unknown:
    """Return the queue's depth since Redis last restarted; before that it was another queue."""
    depth, run = facts.depth, facts.redis_run
    if isinstance(depth, Unknown):
        return depth
    if isinstance(run, Unknown):
        return run
    if not depth or facts.at - depth[-1].at > STALE:
        return Unknown("the queue's depth: no datapoint for 5 min")
    others = [sample.at for sample in run if sample.value != run[-1].value]
    return metrics.since(depth, others[-1] + _minutes(1)) if others else depth


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
    if _crashes(facts, limits) >= limits.crashes:
        why = f"the worker crash-loops again after the redeploy: {_crash_line(facts, limits)}"
        return Escalate(why, commands.rollback, Verdict(Outcome.FAILED, why))
    settling = _settling(facts.at, service, attempt)
    return settling or _consumed(facts, limits, attempt, service)


def _settling(at: datetime, service: ecs.Service, attempt: Attempt) -> Decision | None:
    since = attempt.outcome_at or attempt.tried_at
    state, changed_at = service.primary.rollout_state, service.primary.updated_at
    if state != "COMPLETED":
        if at - since < redeploy.COMPLETED_DEADLINE:
            return Wait(f"the redeploy of {since:%H:%M} is {state}")
        why = f"the redeploy of {since:%H:%M} is still {state}: ECS did not complete it in 15 min"
        return Escalate(why, verdict=Verdict(Outcome.FAILED, why))
    settled_at = min(
        max(since, changed_at) + redeploy.SETTLE,
        since + redeploy.COMPLETED_DEADLINE + redeploy.SETTLE,
    )
    if at < settled_at:
        return Wait(
            f"the redeploy of {since:%H:%M} is complete and settles until {settled_at:%H:%M}"
        )
    return None


def _consumed(facts: Facts, limits: Limits, attempt: Attempt, service: ecs.Service) -> Decision:
    depth = _depth(facts)
    if isinstance(depth, Unknown):
        return Wait(depth.why, blind=True)
    since = attempt.outcome_at or attempt.tried_at
    settled_at = max(since, service.primary.updated_at)
    probes = metrics.newest(metrics.since(depth, settled_at), FEWEST_SAMPLES)
    if len(probes) < FEWEST_SAMPLES:
        return Wait(f"{len(probes)} probes since the redeploy, {FEWEST_SAMPLES} are needed")
    before, now = int(attempt.prior["depth"]), int(max(sample.value for sample in probes))
    held = limits.held_per_task * service.desired
    if before - now > held or now == 0:
        why = f"the queue fell from {before} to {now} after the redeploy of {since:%H:%M}"
        return Wait(why, verdict=Verdict(Outcome.VERIFIED, why))
    why = (
        f"the redeploy of {since:%H:%M} did not help: the queue went from {before} to {now}; "
        f"a fall of more than {held} would prove that it is consumed"
    )
    return Escalate(why, verdict=Verdict(Outcome.FAILED, why))


def _good(facts: Facts, incident: Incident, limits: Limits, commands: Commands) -> Decision | None:
    del incident, commands
    depth = _depth(facts)
    if isinstance(depth, Unknown):
        return Wait(depth.why, blind=True)
    if not depth or depth[-1].value >= limits.queue_depth_good:
        return None
    if isinstance(facts.alarms, Unknown):
        return _blind(facts.alarms)
    recent = metrics.since(depth, facts.at - _minutes(limits.good_minutes + 1))
    short = all(sample.value < limits.queue_depth_good for sample in recent)
    quiet = all(state == "OK" for state in facts.alarms.values())
    if short and quiet and len(recent) >= limits.good_minutes:
        return Resolve(
            f"fewer than {limits.queue_depth_good} messages for {limits.good_minutes} min "
            f"(now {depth[-1].value:g}), alarms OK"
        )
    return Wait(f"the queue is short again ({depth[-1].value:g}); watching for 5 min")


def _cannot_start(
    facts: Facts, incident: Incident, limits: Limits, commands: Commands
) -> Decision | None:
    del incident
    service, stopped = facts.service, facts.stopped
    if isinstance(service, Unknown) or isinstance(stopped, Unknown):
        return _blind(service, stopped)
    if service.desired == 0:
        return Escalate("the worker is scaled to 0: nobody consumes the queue", commands.scale_out)
    since = facts.at - _minutes(limits.crash_minutes)
    failed = [task for task in stopped if task.failed_to_start and task.stopped_at >= since]
    if failed and service.running < service.desired:
        return Escalate(f"worker tasks cannot start: {failed[0].reason}", commands.look)
    return None


def _crashes(facts: Facts, limits: Limits) -> int:
    """Count crashes of the primary deployment: in its stopped tasks, or as ECS counts them."""
    service, stopped = facts.service, facts.stopped
    if isinstance(service, Unknown) or isinstance(stopped, Unknown):
        return 0
    return max(len(_crashed(service, stopped, facts.at, limits)), service.primary.failed_tasks)


def _crashed(
    service: ecs.Service, stopped: tuple[ecs.Stopped, ...], at: datetime, limits: Limits
) -> list[ecs.Stopped]:
    since = at - _minutes(limits.crash_minutes)
    return [
        task
        for task in stopped
        if task.crashed and task.deployment == service.primary.id and task.stopped_at >= since
    ]


def _crash_line(facts: Facts, limits: Limits) -> str:
    count = _crashes(facts, limits)
    reason = facts.stopped[0].reason if isinstance(facts.stopped, tuple) and facts.stopped else ""
    codes = (
        sorted({code for task in facts.stopped for code in task.exit_codes})
        if isinstance(facts.stopped, tuple)
        else []
    )
    return f"{count} crashes in one deployment, exit codes {codes}, last: {reason}"


def _crash_loop(
    facts: Facts, incident: Incident, limits: Limits, commands: Commands
) -> Decision | None:
    if _crashes(facts, limits) < limits.crashes:
        return None
    line = _crash_line(facts, limits)
    if any(one.outcome is not Outcome.REFUSED for one in incident.attempts):
        return Escalate(f"the worker crash-loops again: {line}", commands.rollback)
    return Apply("redeploy", f"the worker crash-loops: {line}", {"depth": _newest(facts)})


def _newest(facts: Facts) -> int:
    depth = facts.depth
    return int(depth[-1].value) if not isinstance(depth, Unknown) and depth else 0


def _starting(
    facts: Facts, incident: Incident, limits: Limits, commands: Commands
) -> Decision | None:
    service = facts.service
    if isinstance(service, Unknown) or service.running >= service.desired:
        return None
    since = max(incident.opened_at, service.primary.created_at)
    why = f"{service.running} of {service.desired} worker tasks run"
    if facts.at - since < _minutes(limits.start_minutes):
        return Wait(f"{why}; ECS is starting the others")
    return Escalate(f"{why}, and ECS has not started the others in 10 min", commands.look)


def _draining(
    facts: Facts, incident: Incident, limits: Limits, commands: Commands
) -> Decision | None:
    depth = _depth(facts)
    if isinstance(depth, Unknown):
        return Wait(depth.why, blind=True)
    probes = metrics.newest(depth, limits.stuck_probes)
    if len(probes) < limits.stuck_probes:
        return Wait(f"{len(probes)} probes of the queue, {limits.stuck_probes} are needed")
    busy = _busy(facts, limits)
    falls = (probes[0].value - probes[-1].value) / (len(probes) - 1)
    if falls <= 0 and isinstance(busy, Unknown):
        return Wait(busy.why, blind=True)
    if falls <= 0 and not busy:
        return None
    waited = whole_minutes(facts.at - incident.opened_at)
    how = f"falling by {falls:g} a minute" if falls > 0 else f"not falling, but {busy}"
    if waited < limits.drain_minutes or (falls > 0 and _drains(probes[-1].value, falls, limits)):
        return Wait(
            f"the queue has {probes[-1].value:g} messages, {how}: a backlog, not a stuck worker"
        )
    return Escalate(
        f"a backlog: scale out. {probes[-1].value:g} messages, {how}, not drained in {waited} min",
        commands.scale_out,
    )


def _drains(value: float, falls: float, limits: Limits) -> bool:
    """Say whether the rest drains soon: within a third of the time that a backlog may take."""
    return (value - limits.queue_depth_good) / falls <= limits.drain_minutes / 3


def _busy(facts: Facts, limits: Limits) -> str | Unknown:
    """Return how the workers show that they work, an empty text when they show nothing."""
    if facts.quiet is False:
        return f"the worker has logged within {whole_minutes(QUIET)} min"
    cpu = facts.cpu
    if not isinstance(cpu, Unknown):
        recent = metrics.since(cpu, facts.at - STALE - _minutes(limits.stuck_probes))
        recent = metrics.newest(recent, limits.stuck_probes)
        if recent and max(sample.value for sample in recent) >= limits.idle_cpu_percent:
            return f"CPU is at {max(sample.value for sample in recent):.1f} %"
        if len(recent) < FEWEST_SAMPLES:
            return Unknown(f"the worker's CPU: {len(recent)} datapoints in 10 min")
    unknown = _blind(facts.quiet, cpu)
    return Unknown(unknown.reason) if unknown else ""


def _stuck(facts: Facts, incident: Incident, limits: Limits, commands: Commands) -> Decision | None:
    del incident, commands
    depth = _depth(facts)
    if isinstance(depth, Unknown):
        return Wait(depth.why, blind=True)
    probes = metrics.newest(depth, limits.stuck_probes)
    if any(sample.value == 0 for sample in probes):
        return Wait(f"the queue was empty within the last {limits.stuck_probes} probes")
    first, last = probes[0], probes[-1]
    return Apply(
        "redeploy",
        f"the worker is stuck: {last.value:g} messages, not falling over {limits.stuck_probes} probes "
        f"({first.value:g} before), no log line for {whole_minutes(QUIET)} min, "
        f"CPU under {limits.idle_cpu_percent:g} %",
        {"depth": int(last.value)},
    )


_ROWS: tuple[Row, ...] = (
    _redis,
    _verify,
    _good,
    _cannot_start,
    _crash_loop,
    _starting,
    _draining,
    _stuck,
)
