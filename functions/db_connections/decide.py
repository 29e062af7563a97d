"""Runbook scenario B as a table: what is seen, what follows. Pure: no AWS, no clock, no environment.

The rows are asked in order; the first that applies decides.

=====================================================  ==========================================
sees                                                   decides
=====================================================  ==========================================
connections unknown                                    wait, blind
a count was lowered, not settled                       wait
settled, and connections fell                          verified
settled, and they did not; worker only, users suffer   scale down the backend as well
settled, and they did not; or that step was refused    failed: put every count back, then escalate
a count was put back, connections climb again          escalate; the others stay lowered
below 80 % for 5 min, counts still lowered             put them back, one at a time
below 80 % for 5 min, alarms OK                        resolve; one rings for 15 min: escalate
95 % and more, and users see errors                    scale down: worker first, then backend
95 % and more, no user sees it                         wait; 30 min: escalate
80 % and more for 30 min, alarms OK                    resolve; counts lowered: escalate
80 % and more                                          wait; an alarm rings for 30 min: escalate
=====================================================  ==========================================
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from db_connections.checks import Facts
from runbook.checks import metrics
from runbook.clock import minutes, whole_minutes
from runbook.fixes.scale import lowered
from runbook.model import (
    Apply,
    Attempt,
    Decision,
    Escalate,
    Incident,
    Outcome,
    Resolve,
    Status,
    Unknown,
    Verdict,
    Wait,
)
from runbook.ringing import good_since, ringing

ORDER = ("worker", "backend")
"""Who is lowered first: queued work waits, users do not."""
FEWEST_SAMPLES = 3
"""Datapoints that a verdict, or a rate, needs."""


@dataclass(frozen=True)
class Limits:
    """The numbers of the table.

    Attributes:
        connections: that the application may have: max_connections less the reserved ones.
        full_percent: of those: the next pool that grows is refused.
        free_percent: of those: counts are put back below it.
        error_percent: of requests that users see fail; less may be chance.
        fewest_requests: a minute, that a rate needs.
        good_minutes: below ``free_percent`` before anything is put back, or the incident ends.
        quiet_minutes: that full connections without errors may last before a person is asked.
        stale_minutes: a newest datapoint older than this tells nothing.
    """

    connections: int
    full_percent: float = 95.0
    free_percent: float = 80.0
    error_percent: float = 5.0
    fewest_requests: int = 20
    good_minutes: int = 5
    quiet_minutes: int = 30
    stale_minutes: int = 5


@dataclass(frozen=True)
class Known:
    """What of a service does not change: its floor, its time to settle, its pool, its command.

    Attributes:
        command: sets a count, with ``{count}`` in it.
    """

    floor: int
    settle_seconds: int
    pool_size: int
    command: str


@dataclass(frozen=True)
class Advice:
    """What a person gets: the services, and where the connections come from.

    Attributes:
        tiers: by name.
        query: for the database.
    """

    tiers: Mapping[str, Known]
    query: str


Row = Callable[[Facts, Incident, Limits, Advice], Decision | None]


def decide(facts: Facts, incident: Incident, limits: Limits, advice: Advice) -> Decision:
    """Choose what to do about the connections.

    Args:
        facts: what the checks read.
        incident: its history.
        limits: the numbers of the table.
        advice: what a person would type and ask.

    Returns:
        The first row's decision. Never raises.
    """
    connections = facts.connections
    if isinstance(connections, Unknown):
        return Wait(connections.why, blind=True)
    if not connections or facts.at - connections[-1].at > minutes(limits.stale_minutes):
        return Wait("database connections: no datapoint for 5 min", blind=True)
    for row in (_verify, _take_back, _restore, _good):
        decision = row(facts, incident, limits, advice)
        if decision is not None:
            return decision
    return _full(facts, incident, limits, advice)


def _percent(facts: Facts, limits: Limits, count: int) -> tuple[float, ...]:
    """Return the newest ``count`` datapoints, in percent of what the application may have."""
    connections = () if isinstance(facts.connections, Unknown) else facts.connections
    newest = metrics.newest(connections, count)
    return tuple(100 * sample.value / limits.connections for sample in newest)


def _shown(facts: Facts, limits: Limits) -> str:
    newest = facts.connections[-1].value if isinstance(facts.connections, tuple) else 0
    return f"{newest:g} of {limits.connections} connections"


def _tier(attempt: Attempt) -> str:
    return attempt.fix.partition("_")[2]


def _lowered(incident: Incident, *outcomes: Outcome) -> list[Attempt]:
    """Return the steps of ours that still hold, newest first; a call that AWS refused has left nothing."""
    found = [
        one
        for one in incident.attempts
        if one.fix.startswith("scale_") and one.outcome in outcomes and one.left
    ]
    return found[::-1]


def _settled_at(attempt: Attempt, advice: Advice) -> datetime:
    since = attempt.outcome_at or attempt.tried_at
    return since + timedelta(seconds=advice.tiers[_tier(attempt)].settle_seconds)


def _verify(facts: Facts, incident: Incident, limits: Limits, advice: Advice) -> Decision | None:
    attempt = incident.unverified
    if attempt is None:
        return None
    settled_at = _settled_at(attempt, advice)
    since = f"{attempt.fix} of {attempt.tried_at:%H:%M}"
    if facts.at < settled_at:
        return Wait(f"{since} settles until {settled_at:%H:%M}: {_shown(facts, limits)}")
    connections = () if isinstance(facts.connections, Unknown) else facts.connections
    after = metrics.newest(metrics.since(connections, settled_at), FEWEST_SAMPLES)
    if len(after) < FEWEST_SAMPLES:
        return Wait(f"{len(after)} datapoints since {since} settled, {FEWEST_SAMPLES} are needed")
    before, most = int(attempt.prior["connections"]), int(max(sample.value for sample in after))
    if 100 * most / limits.connections < limits.full_percent:
        why = f"connections fell from {before} to {most} after {since}"
        return Wait(why, verdict=Verdict(Outcome.VERIFIED, why))
    why = f"{since} did not help: connections went from {before} to {most}"
    # Where the next step was refused, a person has it: then this one, which did not help, is put back.
    goes_on = incident.status is Status.OPEN and _users_suffer(facts, limits) is True
    more = _next(facts, incident, limits, advice) if goes_on else None
    return more or Wait(why, verdict=Verdict(Outcome.FAILED, why))


def _take_back(facts: Facts, incident: Incident, limits: Limits, advice: Advice) -> Decision | None:
    """Put back what did not help, newest first; then a person has it."""
    failed = _lowered(incident, Outcome.FAILED)
    if failed:
        tier, desired = _tier(failed[0]), failed[0].prior["desired"]
        why = f"{failed[0].fix} did not help: {tier} back to {desired} tasks"
        return _put_back(failed[0], why, advice, {"failed": True})
    last = incident.last
    if incident.status is Status.ESCALATED or last is None or not last.prior.get("failed"):
        return None
    why = f"{_shown(facts, limits)}; lowering the counts did not release them and is taken back"
    return Escalate(f"{why}: the leak is elsewhere", _cause(facts, limits, advice))


def _put_back(attempt: Attempt, why: str, advice: Advice, remember: Mapping[str, bool]) -> Apply:
    tier = _tier(attempt)
    return Apply(
        f"restore_{tier}",
        why,
        remember,
        undoes=attempt.intent_id,
        command=advice.tiers[tier].command.format(count=attempt.prior["desired"]),
    )


def _restore(facts: Facts, incident: Incident, limits: Limits, advice: Advice) -> Decision | None:
    """Put back what helped, one at a time, while connections stay low."""
    helped = _lowered(incident, Outcome.VERIFIED)
    newest = _percent(facts, limits, limits.good_minutes)
    restored = [one for one in incident.attempts if one.undoes and one.outcome is Outcome.APPLIED]
    free = len(newest) == limits.good_minutes and max(newest) < limits.free_percent
    if restored and facts.at < _settled_at(restored[-1], advice):
        return _climbs(facts, incident, limits, advice, restored[-1])
    if not helped or not free:
        return None
    tier, desired = _tier(helped[0]), helped[0].prior["desired"]
    why = f"{_shown(facts, limits)} for {limits.good_minutes} min: {tier} back to {desired} tasks"
    return _put_back(helped[0], why, advice, {})


def _climbs(
    facts: Facts, incident: Incident, limits: Limits, advice: Advice, restored: Attempt
) -> Decision | None:
    """Stop putting back where connections climb again after the last step."""
    since = f"{restored.fix} of {restored.tried_at:%H:%M}"
    if _percent(facts, limits, 1)[0] < limits.free_percent:
        return Wait(f"{since} settles: {_shown(facts, limits)}")
    if incident.status is Status.ESCALATED:
        return None
    still = ", ".join(_tier(one) for one in _lowered(incident, Outcome.VERIFIED)) or "none"
    why = f"connections climb again after {since}: {_shown(facts, limits)}; still lowered: {still}"
    return Escalate(why, _cause(facts, limits, advice))


def _good(facts: Facts, incident: Incident, limits: Limits, advice: Advice) -> Decision | None:
    newest = _percent(facts, limits, limits.good_minutes)
    if max(newest) >= limits.free_percent:
        return None
    if len(newest) < limits.good_minutes:
        return Wait(f"{_shown(facts, limits)}; watching for {limits.good_minutes} min")
    if _lowered(incident, Outcome.VERIFIED, Outcome.FAILED, Outcome.APPLIED):
        return Wait(f"{_shown(facts, limits)}; counts are still lowered")
    free = limits.connections * limits.free_percent / 100
    connections = () if isinstance(facts.connections, Unknown) else facts.connections
    since = good_since((one.at, one.value < free) for one in connections)
    shown = (
        f"under {limits.free_percent:g} % for {limits.good_minutes} min ({_shown(facts, limits)})"
    )
    why = _cause(facts, limits, advice)
    rings = ringing(facts.alarms, incident, facts.at, since, shown, why)
    return rings or Resolve(f"{shown}, alarms OK")


def _full(facts: Facts, incident: Incident, limits: Limits, advice: Advice) -> Decision:
    shown = _shown(facts, limits)
    if _percent(facts, limits, 1)[0] < limits.full_percent:
        return _nearly(facts, incident, limits, advice)
    suffer = _users_suffer(facts, limits)
    if isinstance(suffer, Unknown):
        return Wait(f"{shown}; {suffer.why}", blind=True)
    waited = facts.at - incident.since
    if not suffer and waited < minutes(limits.quiet_minutes):
        return Wait(f"{shown}, and no user sees errors: nothing is changed")
    if not suffer:
        why = f"{shown} for {whole_minutes(waited)} min; no user sees errors, nothing was changed"
        return Escalate(why, _cause(facts, limits, advice), tells=False)
    return _next(facts, incident, limits, advice) or Escalate(
        f"{shown} and users see errors; there is nothing left to lower",
        _cause(facts, limits, advice),
    )


def _nearly(facts: Facts, incident: Incident, limits: Limits, advice: Advice) -> Decision:
    """Wait below the limit, for as long as a full one may be quiet; then it is the usual load, or a person's.

    As long as this incident is open nothing is deployed, so it may not stay so for a load that is high.
    """
    why = f"{_shown(facts, limits)}: below {limits.full_percent:g} %, nothing is changed"
    below = facts.at - _last_full(facts, incident, limits)
    if below < minutes(limits.quiet_minutes):
        return Wait(why)
    if isinstance(facts.alarms, Unknown):
        return Wait(facts.alarms.why, blind=True)
    about, states = f"{why}, for {whole_minutes(below)} min", set(facts.alarms.values())
    if states - {"OK", "ALARM"}:
        return Wait(
            f"{about}, but an alarm is in {', '.join(states - {'OK', 'ALARM'})}", blind=True
        )
    if "ALARM" in states:
        return Escalate(f"{about}, and an alarm rings", _cause(facts, limits, advice), tells=False)
    return _usual_load(facts, incident, limits, advice, about)


def _usual_load(
    facts: Facts, incident: Incident, limits: Limits, advice: Advice, about: str
) -> Decision:
    if not _lowered(incident, Outcome.VERIFIED, Outcome.FAILED, Outcome.APPLIED):
        return Resolve(f"{about}, alarms OK")
    if _percent(facts, limits, 1)[0] < limits.free_percent:
        return Wait(f"{about}; watching whether what is lowered can be put back")
    still = ", ".join(_tier(one) for one in _lowered(incident, Outcome.VERIFIED)) or "a count"
    what = f"too many to put back what is lowered: {still}"
    return Escalate(f"{about}; {what}", _cause(facts, limits, advice), tells=False)


def _last_full(facts: Facts, incident: Incident, limits: Limits) -> datetime:
    """Return when the connections were last at the limit, or the trouble began."""
    full = limits.connections * limits.full_percent / 100
    connections = () if isinstance(facts.connections, Unknown) else facts.connections
    return max([incident.since, *(one.at for one in connections if one.value >= full)])


def _next(facts: Facts, incident: Incident, limits: Limits, advice: Advice) -> Decision | None:
    """Return the next step down: the first service in order that has none of ours yet."""
    tried = {_tier(one) for one in incident.attempts if one.fix.startswith("scale_")}
    for name in ORDER:
        service, known = facts.tiers[name].service, advice.tiers[name]
        if name in tried:
            continue
        if isinstance(service, Unknown):
            return Wait(service.why, blind=True)
        to = lowered(service.desired, known.floor)
        if to >= service.desired:
            continue
        why = f"{_shown(facts, limits)} and users see errors: {name} from {service.desired} to {to} tasks"
        connections = int(facts.connections[-1].value)  # type: ignore[index]  # known: see decide
        return Apply(
            f"scale_{name}",
            why,
            {"connections": connections},
            command=known.command.format(count=to),
            undo=known.command.format(count=service.desired),
        )
    return None


def _users_suffer(facts: Facts, limits: Limits) -> bool | Unknown:
    """Say whether users see errors now; a log line alone would only inform."""
    requests, errors = facts.requests, facts.errors
    if isinstance(requests, Unknown):
        return requests
    if isinstance(errors, Unknown):
        return errors
    since = facts.at - minutes(limits.stale_minutes + FEWEST_SAMPLES)
    fresh = [one for one in metrics.since(requests, since) if one.value >= limits.fewest_requests]
    if len(fresh) < FEWEST_SAMPLES:
        return Unknown(
            f"requests: {len(fresh)} fresh minutes with {limits.fewest_requests} of them"
        )
    failed = {sample.at: sample.value for sample in errors}
    newest = fresh[-FEWEST_SAMPLES:]
    rate = 100 * sum(failed.get(one.at, 0) for one in newest) / sum(one.value for one in newest)
    return rate >= limits.error_percent


def _cause(facts: Facts, limits: Limits, advice: Advice) -> str:
    """Return who may take how many connections, and how to find out who does."""
    lines = []
    for name, tier in facts.tiers.items():
        known, service = advice.tiers[name], tier.service
        count = "unknown" if isinstance(service, Unknown) else service.desired
        most = "unknown" if isinstance(service, Unknown) else service.desired * known.pool_size
        where = ", ".join(tier.addresses) if isinstance(tier.addresses, tuple) else "unknown"
        lines.append(f"{name}: {count} tasks x pool of {known.pool_size} = {most}, from {where}")
    return "\n".join(
        [
            *lines,
            f"limit: {limits.connections}",
            advice.query,
            "do not redeploy: new tasks start before the old ones end, and each takes connections",
            "(more than tasks x pool comes from elsewhere; RDS Proxy or a smaller pool_size is the cure)",
        ]
    )
