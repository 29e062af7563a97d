"""Runbook scenario C as a table: what is seen, what follows. Pure: no AWS, no clock, no environment.

The rows are asked in order; the first that applies decides. RDS is never written to, and there is no fix:
a Multi-AZ failover is AWS's own and takes 1 to 2 minutes; what is left is for people.

=====================================================  ==========================================
sees                                                   decides
=====================================================  ==========================================
RDS status unknown                                     wait, blind
a status of ``DOWN``                                   escalate at once
a status in none of the three lists                    escalate: nobody has said what it means
modifying or maintenance, the application reaches its
  database and alarms are OK                           wait
a status of ``TRANSIENT``                              wait; 5 min: escalate
health endpoint unknown                                wait; after 5 min: blind
up, the endpoint's database is ok for 5 min, alarms OK resolve
up, the endpoint's database is ok                      wait; an alarm rings on for 15 min: escalate
up, the endpoint's database fails still, and B is at
  work on the connections, or has paged about them     wait, at most 30 min
up, the endpoint's database fails still, B is open     wait; 5 min: escalate, no redeploy
up, and the endpoint's database fails still            wait; 5 min: escalate, redeploy as proposal
=====================================================  ==========================================
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from db_unavailable.checks import NAME, Facts
from runbook.checks import error_lines, metrics, rds
from runbook.clock import whole_minutes
from runbook.explains import NO_DEPLOYMENT_WHILE
from runbook.model import Decision, Escalate, Incident, Resolve, Unknown, Wait
from runbook.ringing import good_since, ringing

TRANSIENT = frozenset(
    {"failing-over", "maintenance", "modifying", "rebooting", "renaming", "starting", "upgrading"}
)
"""Away for a while and on its way back: a Multi-AZ failover typically takes 60 to 120 s."""
DOWN = frozenset(
    {
        "creating", "delete-precheck", "deleting", "failed", "inaccessible-encryption-credentials",
        "inaccessible-encryption-credentials-recoverable", "incompatible-create",
        "incompatible-network", "incompatible-option-group", "incompatible-parameters",
        "incompatible-restore", "insufficient-capacity", "restore-error", "stopped", "stopping",
        "storage-full",
    }
)  # fmt: skip
"""It does not come back by itself."""


@dataclass(frozen=True)
class Limits:
    """The numbers of the table.

    Attributes:
        transient_minutes: that RDS may be on its way: more than twice a failover's 60 to 120 s.
        reconnect_minutes: that clients may take to reconnect once the database is up: a pool's
            connections time out within about 2 min.
        good_minutes: that the symptom must stay away before the end.
        stale_minutes: a newest reading older than this tells nothing: the probe is behind.
    """

    transient_minutes: int = 5
    reconnect_minutes: int = 5
    good_minutes: int = 5
    stale_minutes: int = 5


@dataclass(frozen=True)
class Commands:
    """What a person types next, filled in."""

    look: str
    start: str
    storage: str
    redeploy: str


Row = Callable[[Facts, Incident, Limits, Commands], Decision | None]


def decide(facts: Facts, incident: Incident, limits: Limits, commands: Commands) -> Decision:
    """Choose what to do about the database.

    Args:
        facts: what the checks read.
        incident: its history.
        limits: the numbers of the table.
        commands: what a person would type, for proposals.

    Returns:
        The first row's decision: never an ``Apply``. Never raises.
    """
    for row in (_status, _health):
        decision = row(facts, incident, limits, commands)
        if decision is not None:
            return decision
    return _still_failing(facts, incident, limits, commands)


def _status(
    facts: Facts, incident: Incident, limits: Limits, commands: Commands
) -> Decision | None:
    instance = facts.instance
    if isinstance(instance, Unknown):
        return Wait(instance.why, blind=True)
    name = f"RDS {instance.identifier} is {instance.status}"
    if instance.status in rds.UP:
        return None
    if instance.status in TRANSIENT:
        return _on_its_way(facts, incident, limits, commands, instance)
    if instance.status in DOWN:
        return Escalate(f"{name}: it does not come back by itself", _next(instance, commands))
    return Escalate(f"{name}: this status is in no list of ours", commands.look)


def _on_its_way(
    facts: Facts, incident: Incident, limits: Limits, commands: Commands, instance: rds.Instance
) -> Decision:
    name = f"RDS {instance.identifier} is {instance.status}"
    if instance.status in rds.MAY_ANSWER and _works(facts):
        return Wait(f"{name}, and the application reaches its database meanwhile")
    waited = facts.at - incident.since
    if waited < timedelta(minutes=limits.transient_minutes):
        return Wait(f"{name}: it is on its way back, clients reconnect by themselves")
    return Escalate(f"{name} for {whole_minutes(waited)} min by now", commands.look)


def _works(facts: Facts) -> bool:
    """Say whether the application is known to reach its database, and no alarm says otherwise."""
    health, alarms = facts.health, facts.alarms
    if isinstance(health, Unknown) or isinstance(alarms, Unknown):
        return False
    return health.db is True and all(state == "OK" for state in alarms.values())


def _next(instance: rds.Instance, commands: Commands) -> str:
    by_status = {"stopped": commands.start, "storage-full": commands.storage}
    return by_status.get(instance.status, commands.look)


def _health(
    facts: Facts, incident: Incident, limits: Limits, commands: Commands
) -> Decision | None:
    health = facts.health
    if isinstance(health, Unknown) or health.db is None:
        why = health.why if isinstance(health, Unknown) else "its health endpoint does not say"
        # Right after a failover an endpoint hangs on dead connections, or is given up by the load balancer.
        if facts.at - _up_since(facts, incident) < timedelta(minutes=limits.reconnect_minutes):
            return Wait(f"the database is up, clients are reconnecting: {why}")
        return Wait(f"the database is up, the application cannot be asked: {why}", blind=True)
    if not health.db:
        return None
    return _good(facts, incident, limits, commands)


def _good(facts: Facts, incident: Incident, limits: Limits, commands: Commands) -> Decision:
    db_ok = facts.db_ok
    if isinstance(db_ok, Unknown):
        return Wait(db_ok.why, blind=True)
    good = metrics.newest(db_ok, limits.good_minutes)
    stale = timedelta(minutes=limits.stale_minutes)
    if not good or facts.at - good[-1].at > stale:
        return Wait("the health probe is silent: no datapoint for 5 min", blind=True)
    lasting = len(good) == limits.good_minutes and all(sample.value >= 1 for sample in good)
    if not lasting:
        return Wait("the application reaches its database again; watching for 5 min")
    shown = f"the application's database is ok for {limits.good_minutes} min"
    since = good_since((one.at, one.value >= 1) for one in db_ok)
    rings = ringing(facts.alarms, incident, facts.at, since, shown, commands.look)
    return rings or Resolve(f"{shown}, alarms OK")


def _still_failing(
    facts: Facts, incident: Incident, limits: Limits, commands: Commands
) -> Decision:
    since = _up_since(facts, incident)
    waited = facts.at - since
    why = f"RDS is up, and the application still says that its database fails ({whole_minutes(waited)} min)"
    if waited < timedelta(minutes=limits.reconnect_minutes):
        return Wait(f"{why}: clients are reconnecting")
    if isinstance(facts.causes, Unknown):
        return Wait(f"{why}; whether connections run out: {facts.causes.why}", blind=True)
    full = next((one for one in facts.causes if one.scenario == NO_DEPLOYMENT_WHILE), None)
    if full is None:
        return Escalate(
            f"{why}: it does not reconnect{error_lines.most_often(facts.lines)}", commands.redeploy
        )
    about = f"{why}: its connections run out, {full.id or full.scenario} is open since {full.opened_at:%H:%M}"
    in_hand = full.in_hand(NAME, facts.at)
    if in_hand:
        return Wait(f"{about}; {in_hand}")
    # New tasks start before old ones end: a redeploy would take connections that nobody has.
    return Escalate(f"{about}; do not redeploy, new tasks would take more", commands.look)


def _up_since(facts: Facts, incident: Incident) -> datetime:
    """Return since when clients could reconnect: the incident's start, or RDS's last event after it."""
    events = () if isinstance(facts.events, Unknown) else facts.events
    return max([incident.since, *(event.at for event in events if event.at <= facts.at)])
