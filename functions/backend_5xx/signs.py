"""What speaks of a bad deployment, too little memory, the database, or the way from outside. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from backend_5xx import symptom
from backend_5xx.checks import Facts
from backend_5xx.limits import LATE_MINUTES, Limits
from runbook import crashes
from runbook.checks import ecs, health, metrics, rds
from runbook.clock import minutes
from runbook.model import Incident, Unknown

STALE = minutes(5)
"""A newest datapoint older than this tells nothing: CloudWatch is behind."""
AWAY = frozenset({"availability", "failover", "failure", "low storage", "maintenance", "recovery"})
"""Categories of RDS events with which clients lose their connections; a backup is none of them."""


@dataclass(frozen=True)
class Fault:
    """The database is at fault, by evidence of its own.

    Attributes:
        scenario: whose chapter it is.
        why: the evidence.
        lasting: whether it holds at this moment, and is no trace of something that may be over.
    """

    scenario: str
    why: str
    lasting: bool


@dataclass(frozen=True)
class Ends:
    """How the backend's tasks end.

    Attributes:
        crash_loop: what shows one of the primary deployment, an empty text when nothing does.
        out_of_memory: stops of the primary revision for lack of memory.
        failed_starts: tasks that could not start lately, while some are missing.
        unexplained: what ECS says of tasks that it counts as failed, none of which is seen to crash.
        crashed: how many of the primary deployment have crashed lately.
    """

    crash_loop: str
    out_of_memory: Sequence[ecs.Stopped]
    failed_starts: Sequence[ecs.Stopped]
    unexplained: str
    crashed: int

    def memory(self, limits: Limits) -> bool:
        """Say whether the stops for lack of memory are as many as to count."""
        return len(self.out_of_memory) >= limits.oom_stops


def ends(facts: Facts, limits: Limits) -> Ends | Unknown:
    """Return how the backend's tasks end."""
    service, stopped = facts.service, facts.stopped
    if isinstance(service, Unknown):
        return service
    if isinstance(stopped, Unknown):
        return stopped
    since = facts.at - minutes(limits.crash_minutes)
    revision, span = service.primary.task_definition, minutes(limits.oom_minutes)
    return Ends(
        crash_loop=crashes.loop(service, stopped, since, limits.crashes),
        out_of_memory=crashes.out_of_memory(stopped, revision, facts.at, span),
        failed_starts=crashes.failed_starts(service, stopped, since),
        unexplained=crashes.unexplained(service, stopped, since, limits.crashes),
        crashed=crashes.count(service, stopped, since),
    )


def fresh(facts: Facts, incident: Incident, limits: Limits) -> bool | Unknown:
    """Say whether the newest deployment is young, brought something new, and is none of ours."""
    service, history = facts.service, facts.history
    if isinstance(service, Unknown):
        return service
    if isinstance(history, Unknown):
        return history
    ours = {one.left.get("deployment") for one in incident.attempts}
    if service.primary.id in ours:
        return False
    young = history.fresh(facts.at, minutes(limits.fresh_minutes))
    if young and history.newest.revision.task_definition != service.primary.task_definition:
        return Unknown(f"{service.name}: ECS's answers do not agree which revision is deployed")
    return young


def database(facts: Facts, limits: Limits) -> str:
    """Return how the backend suffers from its database, an empty text when nothing says so."""
    if not isinstance(facts.health, Unknown) and facts.health.db is False:
        return "the health endpoint says db: error"
    lines = facts.closer.lines if facts.closer else None
    if lines is None or isinstance(lines, Unknown):
        return ""
    few = lines.database < limits.database_lines
    if few or 100 * lines.database < limits.database_percent * lines.count:
        return ""
    return f"{lines.database} of {lines.count} error lines are about the database"


def began_before(facts: Facts) -> bool:
    """Say whether the backend's log had database errors before its newest deployment began."""
    lines = facts.closer.lines if facts.closer else None
    if isinstance(facts.history, Unknown) or lines is None or isinstance(lines, Unknown):
        return False
    since = lines.database_since
    return since is not None and since < facts.history.newest.created_at


def fault(facts: Facts, limits: Limits) -> Fault | Unknown | None:
    """Return the evidence of its own that the database is at fault.

    Returns:
        None where there is none; ``Unknown`` where there is none among what could be read.
    """
    found: tuple[Fault | Unknown | None, ...] = (
        _status(facts, limits),
        _connections(facts, limits),
        _event(facts, limits),
        _worker(facts, limits),
    )
    for kind in (Fault, Unknown):
        for one in found:
            if isinstance(one, kind):
                return one
    return None


def _status(facts: Facts, limits: Limits) -> Fault | Unknown | None:
    instance = facts.instance
    if isinstance(instance, Unknown) or instance.status in rds.UP:
        return instance if isinstance(instance, Unknown) else None
    if instance.status in rds.MAY_ANSWER and not database(facts, limits):
        return None
    why = f"RDS {instance.identifier} is {instance.status}"
    return Fault("db_unavailable", why, lasting=True)


def _connections(facts: Facts, limits: Limits) -> Fault | Unknown | None:
    samples, limit = facts.connections, limits.connection_limit
    if isinstance(samples, Unknown):
        return samples
    if not samples or facts.at - samples[-1].at > STALE:
        return Unknown("connections to the database: no datapoint for 5 min")
    now = samples[-1].value
    if 100 * now < limits.connections_percent * limit:
        return None
    return Fault("db_connections", f"{now:g} of {limit} connections are taken", lasting=True)


def _event(facts: Facts, limits: Limits) -> Fault | Unknown | None:
    if isinstance(facts.events, Unknown):
        return facts.events
    span = minutes(limits.event_minutes)
    for event in facts.events:
        if facts.at - event.at < span and AWAY & set(event.categories):
            why = f"RDS at {event.at:%H:%M} UTC: {event.message}"
            return Fault("db_unavailable", why, lasting=False)
    return None


def _worker(facts: Facts, limits: Limits) -> Fault | Unknown | None:
    """Return what the worker's old revision says: it has the same trouble, so no deployment made it."""
    closer = facts.closer
    if closer is None or not database(facts, limits):
        return None
    lines, worker = closer.worker_lines, closer.worker
    if isinstance(lines, Unknown):
        return lines
    if isinstance(worker, Unknown):
        return worker
    deployed = worker.primary.created_at
    if facts.at - deployed < minutes(limits.fresh_minutes):
        return None  # as young as the backend's: its errors may have the same cause
    why = f"{database(facts, limits)}, and the worker of {deployed:%d %b} has {lines.database} such lines"
    unread = Unknown(f"{worker.name}: more error lines than are read") if lines.more else None
    return Fault("db_unavailable", why, lasting=False) if lines.database else unread


def ends_badly(facts: Facts, limits: Limits) -> bool:
    """Say whether tasks end in a way that will be felt, or might, for it is not known."""
    found = ends(facts, limits)
    if isinstance(found, Unknown):
        return True
    return bool(found.crash_loop or found.memory(limits) or found.failed_starts)


def recent(facts: Facts, limits: Limits) -> symptom.Minutes | Unknown:
    """Return the newest minutes that CloudWatch shows, as many as must be good."""
    since = facts.at - minutes(limits.good_minutes + LATE_MINUTES)
    found = symptom.minutes(facts, since)
    return found if isinstance(found, Unknown) else found[-limits.good_minutes :]


def unanswered(facts: Facts, limits: Limits) -> str:
    """Return how the public endpoint fails, now and to the probe for as long as its alarm takes."""
    if isinstance(facts.answered, Unknown):
        return ""
    since = facts.at - minutes(limits.outside_minutes + LATE_MINUTES)
    newest = metrics.newest(metrics.since(facts.answered, since), limits.outside_minutes)
    if len(newest) < limits.outside_minutes or any(one.value for one in newest):
        return ""
    if not isinstance(facts.health, Unknown) and facts.health.own:
        return ""
    said = health.line(facts.health).removeprefix("unknown: ")
    return f"from outside the backend has not answered for {limits.outside_minutes} min ({said})"
