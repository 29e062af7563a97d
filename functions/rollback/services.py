"""Rolling backend or worker back, as a table: what is seen and asked for, what follows. Pure.

The rows are asked in order; the first that applies decides.

=========================================================  =========================================
sees                                                       decides
=========================================================  =========================================
the answer of a call is out                                wait
a rollback of ours, not judged yet:
  the service unknown                                      wait, blind
  somebody has deployed since                              wait; the rollback is superseded
  not gone back in 15 min                                  escalate
  it crash-loops as well                                   escalate
  not complete in 15 min                                   escalate
  complete and settled, all tasks run                      verified, resolve
  complete, tasks are missing                              wait; 10 min: escalate
asked for, the service or its deployments unknown          wait, blind: refused
asked for, nothing to go back to                           escalate: refused, with the list
asked for                                                  apply *rollback*
nobody asks, the last rollback failed, all is well by now  resolve
nobody asks, the last rollback failed                      wait
nobody asks                                                resolve
=========================================================  =========================================
"""

from dataclasses import dataclass
from datetime import datetime

from rollback.limits import Limits
from rollback.part import afterwards, unfinished
from rollback.services_request import Names, Wish
from runbook import crashes
from runbook.checks import ecs, service_deployments
from runbook.checks.service_deployments import UNDER_WAY, History
from runbook.clock import minutes
from runbook.fixes import arrival, redeploy
from runbook.fixes.rollback import plan
from runbook.fixes.rollback_to import named
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

UNSEEN = "whether the newer version migrated the database cannot be seen"


@dataclass(frozen=True)
class Facts:
    """What is known about the service at one moment.

    Attributes:
        at: when the reads were made.
        service: as ECS shows it.
        history: its last deployments.
        stopped: its tasks that stopped within the hour.
        revisions: the newest revisions of its family, newest first.
        other: the service that is left on its version.
    """

    at: datetime
    service: ecs.Service | Unknown
    history: History | Unknown
    stopped: tuple[ecs.Stopped, ...] | Unknown
    revisions: tuple[str, ...] | Unknown
    other: ecs.Service | Unknown

    def seen(self) -> dict[str, str]:
        """Return one short line per question."""
        found = self.revisions
        listed = f"unknown: {found.why}" if isinstance(found, Unknown) else ", ".join(found)
        return {
            "service": ecs.line(self.service),
            "deployments": service_deployments.line(self.history),
            "revisions": listed or "none is active",
            "left behind": ecs.line(self.other),
            "migrations": UNSEEN,
        }


def decide(
    facts: Facts, incident: Incident, wish: Wish | None, limits: Limits, names: Names
) -> Decision:
    """Return the first row's decision that applies."""
    found = unfinished(incident) or _judge(facts, incident, limits, names)
    if found is not None:
        return found
    if wish is not None:
        return _start(facts, wish, limits, names)
    return afterwards(incident, _well(facts, incident, limits))


@dataclass(frozen=True)
class _Step:
    """One rollback that is possible: whereto, how, and what to know of it."""

    to: str
    how: str
    command: str
    note: str = ""


def _start(facts: Facts, wish: Wish, limits: Limits, names: Names) -> Decision:
    service, history = facts.service, facts.history
    if isinstance(service, Unknown):
        return Wait(service.why, blind=True)
    if isinstance(history, Unknown):
        return Wait(history.why, blind=True)
    chosen = (
        _chosen(service, history, wish.to, limits, names)
        if wish.to
        else _candidate(service, history, limits, names)
    )
    if isinstance(chosen, str):
        return Escalate(chosen, names.look)
    left = history.newest.revision.name if history.newest.status in UNDER_WAY else _at(service)
    if wish.before not in ("", left):
        return Escalate(f"{names.service} is at {left}, the request says {wish.before}", names.look)
    return Apply(
        "rollback",
        f"from {left} back to {chosen.to}, by {chosen.how}{chosen.note}; "
        f"{_left_behind(facts, names)}; {UNSEEN}",
        command=chosen.command,
        undo=f"by hand: {names.deploy(left)}",
    )


def _candidate(service: ecs.Service, history: History, limits: Limits, names: Names) -> _Step | str:
    planned = plan(history, minutes(limits.proven_minutes))
    if isinstance(planned, str):
        return planned
    to = planned.to.revision.name
    if planned.stop:
        return _Step(to, planned.how, names.stop(planned.stop))
    if to == _at(service):
        return f"{names.service} is at {to} already; name another revision"
    return _Step(to, planned.how, names.deploy(to))


def _chosen(
    service: ecs.Service, history: History, to: str, limits: Limits, names: Names
) -> _Step | str:
    found = named(history, service, to, minutes(limits.proven_minutes))
    if isinstance(found, str):
        return found
    record = f"; ECS has no record that it ran for {limits.proven_minutes} min"
    return _Step(to, "a new deployment", names.deploy(to), "" if found.proven else record)


def _at(service: ecs.Service) -> str:
    return _name(service.primary.task_definition)


def _name(arn: str) -> str:
    return arn.rsplit("/", 1)[-1]


def _left_behind(facts: Facts, names: Names) -> str:
    if isinstance(facts.other, Unknown):
        return f"{names.other} stays on its version"
    return f"{names.other} stays on {_at(facts.other)}"


def _judge(facts: Facts, incident: Incident, limits: Limits, names: Names) -> Decision | None:
    """Judge the last rollback; None when there is none to judge."""
    attempt, service = incident.unverified, facts.service
    if attempt is None:
        return None
    if isinstance(service, Unknown):
        return Wait(service.why, blind=True)
    found = arrival.arriving(facts, service, attempt) or _looping(facts, service, limits, names)
    if found is not None:
        return found
    settling = redeploy.settling(facts.at, service, attempt)
    if isinstance(settling, Escalate):
        return _failed(settling.reason, names)
    return settling or _settled(facts, service, attempt, limits, names)


def _looping(facts: Facts, service: ecs.Service, limits: Limits, names: Names) -> Decision | None:
    looping = _loops(facts, service, limits)
    if isinstance(looping, Unknown):
        return Wait(looping.why, blind=True)
    return _failed(f"after the rollback: {looping}", names) if looping else None


def _loops(facts: Facts, service: ecs.Service, limits: Limits) -> str | Unknown:
    if isinstance(facts.stopped, Unknown):
        return facts.stopped
    since = facts.at - minutes(limits.crash_loop_minutes)
    return crashes.loop(service, facts.stopped, since, limits.crash_loop_crashes)


def _settled(
    facts: Facts, service: ecs.Service, attempt: Attempt, limits: Limits, names: Names
) -> Decision:
    since = attempt.outcome_at or attempt.tried_at
    at = f"{service.running} of {service.desired} tasks run {_at(service)}"
    if service.running >= service.desired:
        why = f"the rollback of {since:%H:%M} is complete and has settled: {at}"
        return Resolve(why, Verdict(Outcome.VERIFIED, why))
    complete = min(
        max(since, service.primary.updated_at) + redeploy.SETTLE,
        since + redeploy.COMPLETED_DEADLINE + redeploy.SETTLE,
    )
    if facts.at - complete < minutes(limits.starting_minutes):
        return Wait(f"the rollback of {since:%H:%M} is complete, and only {at}")
    return _failed(
        f"only {at}, {limits.starting_minutes} min after the rollback of {since:%H:%M} settled",
        names,
    )


def _failed(why: str, names: Names) -> Escalate:
    return Escalate(why, names.look, Verdict(Outcome.FAILED, why))


def _well(facts: Facts, incident: Incident, limits: Limits) -> str:
    """Say that the service is steady, and not on what it was to be taken from; else nothing."""
    service, last = facts.service, incident.last
    if isinstance(service, Unknown) or last is None or _loops(facts, service, limits):
        return ""
    primary = service.primary
    left = primary.task_definition != last.prior["task_definition"]
    steady = primary.rollout_state == "COMPLETED" and service.running >= service.desired
    if not left or not steady:
        return ""
    return f"{service.name} is steady at {_at(service)} by now"
