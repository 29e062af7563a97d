"""Runbook scenario D as a table: what is seen, what follows. Pure: no AWS, no clock, no environment.

The rows are asked in order; the first that applies decides.

=====================================================  ==========================================
sees                                                   decides
=====================================================  ==========================================
Redis cannot be asked                                  wait, blind
Redis down, the group gone or broken                   escalate at once
Redis down                                             wait (a failover is ElastiCache's own);
                                                       10 min: escalate
a reconcile of ours that is not yet proved             its own rows, see ``_verify``
a loss is possible, and a person has been asked to
  reconcile; Redis is up since                         wait; 60 min: nothing is owed by us, see below
a loss is possible, the reconcile after it failed      escalate
a loss is possible, the queue is long and does not
  fall                                                 wait; 30 min: escalate
a loss is possible, workers consume, or the queue is
  short and may do                                     reconcile quotas
up for 5 min, alarms OK                                resolve
up                                                     wait; an alarm rings on for 15 min: escalate
=====================================================  ==========================================

A loss is possible where Redis was away or its run changed since the incident began: ElastiCache's replication
is asynchronous, so also a failover without a restart may have lost the newest writes. It is forgotten only by
a reconcile that is proved, or was queued and could not be proved: nothing is resolved before. Where a person
has been asked for it, nobody here can see whether it was done: the page repeats for an hour after the loss,
and the end says that the quotas are that person's.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from redis_unavailable.checks import Facts
from runbook.checks import metrics
from runbook.checks.metrics import Samples
from runbook.clock import minutes, whole_minutes
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

WORKING = frozenset({"available", "modifying", "snapshotting"})
"""Statuses of a group that is there, whatever ElastiCache does beside it."""


DONE = "SUCCESS"
OWED = "the AI quotas are not rebuilt by Nightshift, a person was asked to"
FAILED = frozenset({"FAILURE", "REVOKED"})
"""States of a Celery task that has ended."""


@dataclass(frozen=True)
class Limits:
    """The numbers of the table.

    Attributes:
        queue_depth_good: messages; a shorter queue counts as consumed.
        failover_minutes: that Redis may be away: an ElastiCache failover takes up to a few minutes.
        consume_minutes: that workers may take to reconnect and consume before a person is asked.
        good_minutes: that Redis must stay up before the end.
        proof_minutes: that the task may take to show a result after it was queued.
        before_minutes: before the incident's start in which the outage itself is looked for: the alarm
            takes 3 min, CloudWatch 2 more.
        stale_minutes: a newest reading older than this tells nothing: the probe is behind.
        trend_probes: readings of the queue that show whether it falls.
        owed_minutes: after the loss that the page repeats for which a person was asked to reconcile; an
            incident that stays open for longer would take the next outage for a part of it.
    """

    queue_depth_good: int
    failover_minutes: int = 10
    consume_minutes: int = 30
    good_minutes: int = 5
    proof_minutes: int = 10
    before_minutes: int = 5
    stale_minutes: int = 5
    trend_probes: int = 3
    owed_minutes: int = 60


@dataclass(frozen=True)
class Commands:
    """What a person types next, filled in."""

    look: str
    reconcile: str


@dataclass(frozen=True)
class Loss:
    """Counters may have been lost.

    Attributes:
        how: what shows it.
        at: the newest minute that shows it.
    """

    how: str
    at: datetime


Row = Callable[[Facts, Incident, Limits, Commands], Decision | None]


def decide(facts: Facts, incident: Incident, limits: Limits, commands: Commands) -> Decision:
    """Choose what to do about Redis.

    Args:
        facts: what the checks read.
        incident: its history.
        limits: the numbers of the table.
        commands: what a person would type, for proposals.

    Returns:
        The first row's decision. Never raises.
    """
    for row in (_down, _verify, _lost):
        decision = row(facts, incident, limits, commands)
        if decision is not None:
            return decision
    return _good(facts, incident, limits, commands)


def _down(facts: Facts, incident: Incident, limits: Limits, commands: Commands) -> Decision | None:
    reading, group = facts.reading, facts.group
    if isinstance(reading, Unknown):
        return Wait(reading.why, blind=True)
    if reading.up:
        return None
    if isinstance(group, Unknown):
        return Wait(f"Redis does not answer, and {group.why}", blind=True)
    name = f"Redis {group.name} does not answer, ElastiCache says {group.status}"
    if group.status not in WORKING:
        return Escalate(f"{name}: it does not come back by itself", _later(commands))
    waited = facts.at - incident.since
    if waited < minutes(limits.failover_minutes):
        return Wait(f"{name}: a failover is ElastiCache's own and takes minutes")
    return Escalate(f"{name}, for {whole_minutes(waited)} min by now", _later(commands))


def _later(commands: Commands) -> str:
    """Return what to type now, and once Redis is back: after this page the reconcile is a person's."""
    return (
        f"{commands.look}\nonce Redis is back, its quotas are to be rebuilt:\n{commands.reconcile}"
    )


def _verify(
    facts: Facts, incident: Incident, limits: Limits, commands: Commands
) -> Decision | None:
    """Judge the last reconcile by its task's own result; counters prove nothing, each request makes one."""
    attempt = incident.unverified
    if attempt is None:
        return None
    since = attempt.outcome_at or attempt.tried_at
    name = f"the reconcile of {since:%H:%M}"
    if facts.task == DONE:
        why = f"the task of {name} says that it is done; {_counters(facts, attempt)}"
        return Wait(why, verdict=Verdict(Outcome.VERIFIED, why))
    if facts.task in FAILED:
        why = f"the task of {name} has failed: {facts.task}; read the worker's log"
        return Escalate(why, commands.reconcile, Verdict(Outcome.FAILED, why))
    if facts.at - since < minutes(limits.proof_minutes):
        return Wait(f"{name} is queued; its task has no result yet")
    # It may keep none: a person reads the update, and the other rows go on.
    return None


def _counters(facts: Facts, attempt: Attempt) -> str:
    reading = facts.reading
    now = None if isinstance(reading, Unknown) else reading.quota_keys
    seen = "not counted" if now is None else str(now)
    return f"quota counters: {seen}, before it {attempt.prior.get('quota_keys', 'not counted')}"


def _lost(facts: Facts, incident: Incident, limits: Limits, commands: Commands) -> Decision | None:
    loss = _loss(facts, incident, limits)
    if isinstance(loss, Unknown):
        return Wait(loss.why, blind=True)
    if loss is None or _persons(facts, incident, limits, loss):
        return None
    failed = [one for one in incident.attempts if _failed_after(one, loss.at)]
    if failed:
        why = f"{loss.how}, and the reconcile of {failed[-1].tried_at:%H:%M} has failed"
        return Escalate(f"{why}: the AI quotas are not rebuilt", commands.reconcile)
    works = _consumed(facts, limits)
    if isinstance(works, Unknown):
        return Wait(works.why, blind=True)
    if works:
        return Apply("reconcile", f"{loss.how}: its AI quota counters may be lost; {works}")
    return _waits(facts, incident, limits, commands, loss)


def _persons(facts: Facts, incident: Incident, limits: Limits, loss: Loss) -> bool:
    """Say whether a person was asked to reconcile, so long ago that the incident need not stay for it."""
    escalated = incident.status is Status.ESCALATED
    return escalated and facts.at - loss.at >= minutes(limits.owed_minutes)


def _waits(
    facts: Facts, incident: Incident, limits: Limits, commands: Commands, loss: Loss
) -> Decision:
    waited = facts.at - incident.since
    waits = f"{loss.how}; the reconcile is a Celery task and waits until workers consume again"
    if waited < minutes(limits.consume_minutes):
        return Wait(waits)
    return Escalate(f"{waits}: {whole_minutes(waited)} min by now", commands.reconcile)


def _loss(facts: Facts, incident: Incident, limits: Limits) -> Loss | Unknown | None:
    """Return how counters may have been lost and are not rebuilt yet; None when they were not."""
    up, run = facts.up, facts.run
    if isinstance(up, Unknown):
        return up
    if isinstance(run, Unknown):
        return run
    began = incident.opened_at - minutes(limits.before_minutes)
    away = [sample.at for sample in metrics.since(up, began) if sample.value < 1]
    restarts = _restarts(metrics.since(run, began))
    if not away and not restarts:
        return None
    last = max(away + restarts)
    if any(_rebuilt(one, facts.at, limits) for one in incident.attempts if one.tried_at > last):
        return None
    return Loss(f"Redis was away for {len(away)} min" if away else "Redis restarted", last)


def _rebuilt(attempt: Attempt, at: datetime, limits: Limits) -> bool:
    """Say whether this reconcile is proved, or queued for so long that no proof is to come."""
    if attempt.fix != "reconcile":
        return False
    if attempt.outcome is Outcome.VERIFIED:
        return True
    queued_at = attempt.outcome_at or attempt.tried_at
    return attempt.outcome is Outcome.APPLIED and at - queued_at >= minutes(limits.proof_minutes)


def _failed_after(attempt: Attempt, moment: datetime) -> bool:
    failed = attempt.fix == "reconcile" and attempt.outcome is Outcome.FAILED
    return failed and attempt.tried_at > moment


def _consumed(facts: Facts, limits: Limits) -> str | Unknown:
    """Return what speaks for workers that consume; an empty text where the queue is long and does not fall.

    A short queue that does not move proves no worker: the reconcile is harmless and waits for one.
    """
    probes = _probes(facts, limits)
    if isinstance(probes, Unknown):
        return probes
    first, last = probes[0].value, probes[-1].value
    if probes[0].at < _restarted_at(facts):
        return ""  # what fell since was lost, not consumed
    if last < first:
        return "workers consume again"
    if last >= limits.queue_depth_good:
        return ""
    if any(later.value < earlier.value for earlier, later in pairwise(probes)):
        return "workers consume again"
    return f"the queue is short ({last:g} messages), and no worker is seen to consume"


def _probes(facts: Facts, limits: Limits) -> Samples | Unknown:
    """Return the newest readings of the queue, as many as show a trend."""
    if isinstance(facts.depth, Unknown):
        return facts.depth
    probes = metrics.newest(facts.depth, limits.trend_probes)
    stale = minutes(limits.stale_minutes)
    if len(probes) == limits.trend_probes and facts.at - probes[-1].at <= stale:
        return probes
    needed = f"{len(probes)} fresh readings, {limits.trend_probes} needed"
    return Unknown(f"the queue's depth: {needed}")


def _restarted_at(facts: Facts) -> datetime:
    """Return when another run of Redis was first seen; long ago where none was."""
    runs = () if isinstance(facts.run, Unknown) else facts.run
    return max(_restarts(runs), default=facts.at - minutes(24 * 60))


def _restarts(runs: Samples) -> list[datetime]:
    """Return the minutes at which another run of Redis was first seen."""
    return [now.at for before, now in pairwise(runs) if now.value != before.value]


def _queued(facts: Facts, incident: Incident, limits: Limits) -> str:
    """Return the note about a reconcile without proof, or one that is a person's; empty for none."""
    attempt = incident.unverified
    if attempt is None:
        loss = _loss(facts, incident, limits)
        owed = isinstance(loss, Loss) and _persons(facts, incident, limits, loss)
        return f"{OWED}; " if owed else ""
    name = f"the reconcile of {attempt.outcome_at or attempt.tried_at:%H:%M}"
    works = _consumed(facts, limits)
    seen = f"the workers are not known: {works.why}" if isinstance(works, Unknown) else works
    about = seen or "the queue does not fall: look at the workers"
    return f"{name} is queued, not proved ({_counters(facts, attempt)}; {about}); "


def _good(facts: Facts, incident: Incident, limits: Limits, commands: Commands) -> Decision:
    up, note = facts.up, _queued(facts, incident, limits)
    if isinstance(up, Unknown):
        return Wait(up.why, blind=True)
    good = metrics.newest(up, limits.good_minutes)
    if not good or facts.at - good[-1].at > minutes(limits.stale_minutes):
        return Wait("the Redis probe is silent: no datapoint for 5 min", blind=True)
    lasting = len(good) == limits.good_minutes and all(sample.value >= 1 for sample in good)
    if not lasting:
        return Wait(f"{note}Redis is up; watching for {limits.good_minutes} min")
    shown = f"{note}Redis is up for {limits.good_minutes} min"
    since = good_since((one.at, one.value >= 1) for one in up)
    rings = ringing(facts.alarms, incident, facts.at, since, shown, commands.look)
    return rings or Resolve(f"{shown}, alarms OK")
