"""Runbook scenario A as a table: what is seen, what follows. Pure: no AWS, no clock, no environment.

The rows are asked in order; the first that applies decides. What judges a fix is in ``verify.py``.

=====================================================  ==========================================
sees                                                   decides
=====================================================  ==========================================
a fix of ours is not yet judged                        its own rows
no bad minute for 5 min, alarms OK, no task ends
  badly, and the public endpoint is answered           resolve; an alarm rings on for 15 min: escalate
database at fault by evidence of its own               hand over to B or C; 10 min: escalate;
                                                       while B works on it, or a person was paged
                                                       about it: wait, at most 30 min
somebody, or ECS, takes the deployment back            wait; 15 min: escalate
fresh deployment, and it crash-loops, runs out of
  memory, or only its tasks miss the database          roll back; no version to go to: escalate
another open incident explains it                      wait, at most 10 min; B at work, or a person
                                                       paged about B's or C's: 30 min
no bad minute, and from outside nobody answers         escalate: the trouble is before the balancer
out of memory, no fresh deployment                     raise memory; at the cap, several containers,
                                                       raised within 7 days: escalate
crash loop, no fresh deployment; failed starts, or
  failures that ECS counts and none is seen to crash   escalate with ECS's reason
fewer tasks than desired                               wait for ECS; 10 min: escalate
a deployment is in progress                            wait; 15 min: escalate
the application itself says that its database fails    hand over to C, which asks why RDS does not
tasks have crashed, too few times to tell why          wait; 5 min: as below
tasks well, 5xx go on                                  escalate with the top error lines
=====================================================  ==========================================

What it may meet, and what follows:

=====================================================  ==========================================
input                                                  decision and reason
=====================================================  ==========================================
a task definition with several containers              page: which of them needs memory is not known
a container with a limit of its own                    raised by as much as the task's
at the cap, or at Fargate's largest size for its CPU   page with the sizes
CODE_DEPLOY or EXTERNAL controller, blue/green         page: not ours to deploy
the earlier version was deregistered                   page: it cannot be deployed
its image tag has moved since                          page: another image would be shipped
no earlier version, or none that ran for 60 min        page with the list of deployments
100,000 log lines                                      3,000 of them count, and it says "at least"
no log group                                           "unknown: ..." in the page; no rollback on it
a health endpoint that says ok while 5xx go on         not believed: the load balancer's counts decide
one that redirects, hangs, answers HTML                no word on the database; for 3 min, and the
                                                       balancer sees no trouble: page
two scenarios want the same service                    the gate: the resource is occupied, wait
=====================================================  ==========================================
"""

from collections.abc import Callable

from backend_5xx import signs, symptom
from backend_5xx.checks import NAME, Facts
from backend_5xx.limits import Commands, Limits
from backend_5xx.verify import put_back, verify
from runbook.checks import error_lines
from runbook.clock import minutes, whole_minutes
from runbook.fixes import memory, rollback
from runbook.model import Apply, Decision, Escalate, HandOver, Incident, Resolve, Unknown, Wait
from runbook.ringing import good_since, ringing

Row = Callable[[Facts, Incident, Limits, Commands], Decision | None]


def decide(facts: Facts, incident: Incident, limits: Limits, commands: Commands) -> Decision:
    """Choose what to do about the backend.

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
    return Wait("none of the rows applies")


def _good(facts: Facts, incident: Incident, limits: Limits, commands: Commands) -> Decision | None:
    recent = signs.recent(facts, limits)
    if isinstance(recent, Unknown) or signs.ends_badly(facts, limits):
        return None
    if recent and symptom.bad(recent[-1], limits):
        return None
    counted = sum(one.healthy is not None for one in recent)
    if counted < limits.good_minutes:
        return _not_counted(counted, limits)
    if isinstance(facts.answered, Unknown):
        return Wait(facts.answered.why, blind=True)
    if signs.unanswered(facts, limits):
        return None
    return _watched(facts, incident, limits, commands, recent)


def _watched(
    facts: Facts, incident: Incident, limits: Limits, commands: Commands, recent: symptom.Minutes
) -> Decision:
    """Return the end, where the good minutes are as many as are asked for and no alarm rings."""
    if any(symptom.bad(one, limits) for one in recent):
        return Wait(f"the last minute is good again; watching for {limits.good_minutes} min")
    shown = f"no bad minute for {limits.good_minutes} min ({symptom.rate(recent)})"
    measured = symptom.minutes(facts, incident.opened_at)
    measured = () if isinstance(measured, Unknown) else measured
    since = good_since((one.at, not symptom.bad(one, limits)) for one in measured)
    rings = ringing(facts.alarms, incident, facts.at, since, shown, commands.look)
    return rings or Resolve(f"{shown}, alarms OK")


def _not_counted(counted: int, limits: Limits) -> Wait:
    if counted:
        return Wait(f"healthy targets were counted in {counted} of {limits.good_minutes} minutes")
    return Wait("the load balancer has counted no targets lately", blind=True)


def _database(
    facts: Facts, incident: Incident, limits: Limits, commands: Commands
) -> Decision | None:
    fault, since = signs.fault(facts, limits), incident.handed_over_at
    if not isinstance(fault, signs.Fault):
        return None
    if since is None or incident.handed_over_to != fault.scenario:
        why = f"the database is at fault: {fault.why}"
        return HandOver(fault.scenario, commands.database, why)
    waited, in_hand = facts.at - since, _in_hand(facts, fault.scenario)
    if waited < minutes(limits.hand_over_minutes) or in_hand:
        about = f", {in_hand}" if in_hand else ""
        return Wait(f"{fault.why}; handed over to {fault.scenario} at {since:%H:%M}{about}")
    if not fault.lasting:
        return None  # a trace of what may be over: the other rows count again
    why = f"{fault.why}; handed over to {fault.scenario} {whole_minutes(waited)} min ago, 5xx go on"
    return Escalate(why, commands.look)


def _in_hand(facts: Facts, scenario: str) -> str:
    """Return who is known to be at the other chapter's incident, so that no second page is needed."""
    causes = () if isinstance(facts.known, Unknown) else facts.known.causes
    found = [one.in_hand(NAME, facts.at) for one in causes if one.scenario == scenario]
    return next(filter(None, found), "")


def _going_back(
    facts: Facts, incident: Incident, limits: Limits, commands: Commands
) -> Decision | None:
    history = facts.history
    if isinstance(history, Unknown) or not history.going_back:
        return None
    name = f"the deployment of {history.newest.revision.name} is being taken back"
    waited = facts.at - max(incident.since, history.newest.created_at)
    if waited < minutes(limits.rollout_minutes):
        return Wait(f"{name} ({history.newest.status}), not by us")
    return Escalate(f"{name} for {whole_minutes(waited)} min by now", commands.look)


def _bad_deployment(
    facts: Facts, incident: Incident, limits: Limits, commands: Commands
) -> Decision | None:
    """Roll back what came with the newest deployment; whether that is new is asked only then."""
    ends = signs.ends(facts, limits)
    if isinstance(ends, Unknown):
        return Wait(ends.why, blind=True)
    if not (ends.crash_loop or ends.memory(limits) or signs.database(facts, limits)):
        return None
    fresh = signs.fresh(facts, incident, limits)
    if isinstance(fresh, Unknown):
        return Wait(fresh.why, blind=True)
    bad = _what_came(facts, ends, limits) if fresh else ""
    if isinstance(bad, Unknown):
        return Wait(bad.why, blind=True)
    return _roll_back(facts, limits, commands, bad) if bad else None


def _what_came(facts: Facts, ends: signs.Ends, limits: Limits) -> str | Unknown:
    """Return what came with a fresh deployment and is its own, not the database's."""
    if ends.memory(limits):
        return f"{len(ends.out_of_memory)} tasks ran out of memory"
    fault = signs.fault(facts, limits)
    if isinstance(fault, Unknown):
        return Unknown(f"whether the database is at fault: {fault.why}")
    if ends.crash_loop:
        return ends.crash_loop
    if signs.began_before(facts):
        return ""
    return f"{signs.database(facts, limits)}, and only its tasks say so"


def _roll_back(facts: Facts, limits: Limits, commands: Commands, why: str) -> Decision:
    history = facts.history
    if isinstance(history, Unknown):
        return Wait(history.why, blind=True)
    newest = history.newest
    bad = f"{newest.revision.name}, deployed at {newest.created_at:%H:%M}, is bad: {why}"
    planned = rollback.plan(history, limits.proven)
    if isinstance(planned, str):
        return Escalate(f"{bad}; {planned}", commands.deployments)
    to = planned.to.revision.name
    command = commands.stop(planned.stop) if planned.stop else commands.deploy(to)
    return Apply(
        "rollback",
        f"back to {to}, by {planned.how}: {bad}",
        command=f"{command}\n({_left_behind(facts, commands)})",
        undo=f"by hand: {commands.deploy(newest.revision.name)}",
    )


def _left_behind(facts: Facts, commands: Commands) -> str:
    """Return what stays on the other version, for whoever reads the page."""
    at = "its version"
    if facts.closer and not isinstance(facts.closer.worker, Unknown):
        at = facts.closer.worker.primary.task_definition.rsplit("/", 1)[-1]
    return f"{commands.worker} stays on {at}; whether the deployment migrated the database cannot be seen"


def _explained(
    facts: Facts, incident: Incident, limits: Limits, commands: Commands
) -> Decision | None:
    del commands
    if isinstance(facts.known, Unknown):
        return None
    for cause in facts.known.causes:
        since = max(incident.handed_over_at or incident.since, cause.opened_at)
        in_hand = cause.in_hand(NAME, facts.at)
        if not in_hand and not cause.explains(NAME, facts.at):
            continue
        if facts.at - since < minutes(limits.hand_over_minutes) or in_hand:
            about = f"; {in_hand}" if in_hand else ""
            return Wait(
                f"{cause.scenario} is open since {cause.opened_at:%H:%M} and explains this{about}"
            )
    return None


def _outside(
    facts: Facts, incident: Incident, limits: Limits, commands: Commands
) -> Decision | None:
    """Page for what no user gets through to and the load balancer knows nothing of."""
    del incident
    why, recent = signs.unanswered(facts, limits), signs.recent(facts, limits)
    if not why or isinstance(recent, Unknown) or signs.ends_badly(facts, limits):
        return None
    if not recent or symptom.bad(recent[-1], limits):
        return None
    if any(symptom.bad(one, limits) for one in recent):
        return Wait(f"{why}, and the load balancer has seen bad minutes as well")
    return Escalate(
        f"{why}, while the load balancer sees no trouble ({symptom.rate(recent)}): look at what lies "
        "before it, such as DNS, certificate, CDN, firewall",
        commands.outside,
    )


def _memory(
    facts: Facts, incident: Incident, limits: Limits, commands: Commands
) -> Decision | None:
    ends, known, definition = signs.ends(facts, limits), facts.known, facts.definition
    if isinstance(ends, Unknown) or not ends.memory(limits):
        return None
    if isinstance(known, Unknown):
        return Wait(known.why, blind=True)
    if isinstance(definition, Unknown):
        return Wait(definition.why, blind=True)
    why = f"{len(ends.out_of_memory)} tasks of {definition.revision} ran out of memory within the hour"
    raised_at = known.raised_at
    if incident.again and incident.again.intended_at == raised_at:
        raised_at = None  # that is the very call that did not land
    if raised_at and facts.at - raised_at < minutes(limits.raise_days * 24 * 60):
        at = f"{raised_at:%d %b %H:%M} UTC"
        return Escalate(f"a leak: {why}, and memory was raised at {at} already", commands.look)
    size = memory.raised(definition, limits.memory_cap_mib, limits.raise_factor)
    if isinstance(size, str):
        return Escalate(f"{why}; {size}", commands.look)
    return Apply(
        "raise_memory",
        f"{why}: from {definition.memory_mib} to {size} MiB, to adopt or revert in 7 days",
        {"from_mib": definition.memory_mib, "to_mib": size},
        command=commands.raise_memory(definition.revision, size),
        undo=commands.deploy(definition.revision),
    )


def _ending(
    facts: Facts, incident: Incident, limits: Limits, commands: Commands
) -> Decision | None:
    del incident
    if not isinstance(facts.service, Unknown) and facts.service.desired == 0:
        return Escalate("the backend is scaled to 0: nobody answers", commands.scale)
    ends = signs.ends(facts, limits)
    if isinstance(ends, Unknown):
        return None
    if ends.failed_starts:
        why = f"backend tasks cannot start: {ends.failed_starts[0].reason}"
        return Escalate(why, commands.look)
    if ends.unexplained:
        return Escalate(f"backend tasks do not come up: {ends.unexplained}", commands.look)
    if ends.crash_loop:
        why = f"the backend crash-loops, and no fresh deployment explains it: {ends.crash_loop}"
        return Escalate(why, commands.look)
    return None


def _starting(
    facts: Facts, incident: Incident, limits: Limits, commands: Commands
) -> Decision | None:
    service = facts.service
    if isinstance(service, Unknown) or service.running >= service.desired:
        return None
    stops = () if isinstance(facts.stopped, Unknown) else facts.stopped
    ended = [one.stopped_at for one in stops[:1]]
    since = max([incident.since, service.primary.created_at, *ended])
    why = f"{service.running} of {service.desired} backend tasks run"
    if facts.at - since < minutes(limits.start_minutes):
        return Wait(f"{why}; ECS is starting the others")
    started = f"ECS has not started the others in {limits.start_minutes} min"
    return Escalate(f"{why}, and {started}", commands.look)


def _rolling(
    facts: Facts, incident: Incident, limits: Limits, commands: Commands
) -> Decision | None:
    del incident
    service = facts.service
    if isinstance(service, Unknown) or service.primary.rollout_state != "IN_PROGRESS":
        return None
    primary = service.primary
    waited = facts.at - primary.created_at
    if waited < minutes(limits.rollout_minutes):
        return Wait(f"deployment {primary.id} of {primary.created_at:%H:%M} is in progress")
    why = f"5xx, and deployment {primary.id} is in progress for {whole_minutes(waited)} min"
    return Escalate(why, commands.deployments)


def _says_so(
    facts: Facts, incident: Incident, limits: Limits, commands: Commands
) -> Decision | None:
    """Leave to scenario C what only the application says of its database: the runbook's own step."""
    del limits
    if isinstance(facts.health, Unknown) or facts.health.db is not False:
        return None
    if incident.handed_over_to == "db_unavailable":
        return None
    why = "the application itself says that its database fails, and no deployment explains it"
    return HandOver("db_unavailable", commands.database, why)


def _counting(
    facts: Facts, incident: Incident, limits: Limits, commands: Commands
) -> Decision | None:
    """Wait until crashes are as many as a fix needs: an incident that is escalated before gets none."""
    del commands
    ends = signs.ends(facts, limits)
    if isinstance(ends, Unknown) or not ends.crashed:
        return None
    if facts.at - incident.since >= minutes(limits.count_minutes):
        return None
    return Wait(
        f"{ends.crashed} backend tasks have crashed: too few to tell a crash loop or too little memory"
    )


def _going_on(
    facts: Facts, incident: Incident, limits: Limits, commands: Commands
) -> Decision | None:
    recent = signs.recent(facts, limits)
    if isinstance(recent, Unknown):
        return Wait(recent.why, blind=True)
    for fact in (facts.service, facts.stopped):
        if isinstance(fact, Unknown):
            return Wait(fact.why, blind=True)
    why = f"all backend tasks run, and 5xx go on: {symptom.rate(recent)}"
    why += error_lines.most_often(facts.closer.lines if facts.closer else None)
    fresh = signs.fresh(facts, incident, limits)
    if fresh is True:
        return Escalate(f"{why}; it was deployed within the hour", commands.deployments)
    return Escalate(why, commands.look)


_ROWS: tuple[Row, ...] = (
    put_back,
    verify,
    _good,
    _database,
    _going_back,
    _bad_deployment,
    _explained,
    _outside,
    _memory,
    _ending,
    _starting,
    _rolling,
    _says_so,
    _counting,
    _going_on,
)
