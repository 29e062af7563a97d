"""Judges what was changed: by the load balancer's counts, after the change has settled. Pure.

=====================================================  ==========================================
sees                                                   decides
=====================================================  ==========================================
somebody has deployed since                            wait; the fix is superseded
rollback: not gone back, or not complete, in 15 min    escalate
rollback: the earlier version crash-loops as well      escalate
memory: out of memory again                            escalate: a leak; the memory stays, see below
memory: not complete in 15 min, or tasks crash         undo
settled, fewer than 20 requests or 3 datapoints        wait; 30 min: escalate, not proved
5xx below the alarm's rate                             verified
5xx go on, the database is at fault by now             hand over
5xx go on                                              rollback: escalate; memory: undo
a memory of ours is put back and settled               escalate
=====================================================  ==========================================

With a leak the smaller memory would be full sooner: the entry in the ledger asks to adopt or revert it.
"""

from datetime import datetime

from backend_5xx import signs, symptom
from backend_5xx.checks import Facts
from backend_5xx.limits import Commands, Limits
from runbook.clock import minutes
from runbook.fixes import arrival, redeploy
from runbook.model import (
    Apply,
    Attempt,
    Decision,
    Escalate,
    HandOver,
    Incident,
    Outcome,
    Status,
    Unknown,
    Verdict,
    Wait,
)

FEWEST_DATAPOINTS = 3
"""That a verdict needs."""


def put_back(
    facts: Facts, incident: Incident, limits: Limits, commands: Commands
) -> Decision | None:
    """Wait until a memory that was put back has settled, then ask for a person."""
    del limits
    undo = incident.last
    if undo is None or not undo.undoes or undo.outcome is not Outcome.APPLIED:
        return None
    if incident.status is Status.ESCALATED:
        return None  # a person has it; what is left is to see whether it ends
    if isinstance(facts.service, Unknown):
        return Wait(facts.service.why, blind=True)
    settling = redeploy.settling(facts.at, facts.service, undo)
    if isinstance(settling, Wait):
        return settling
    return Escalate(f"the memory is as it was before: {undo.reason}", commands.look)


def verify(facts: Facts, incident: Incident, limits: Limits, commands: Commands) -> Decision | None:
    """Judge the last fix; None when there is none to judge."""
    attempt = incident.unverified
    if attempt is None:
        return None
    service = facts.service
    if isinstance(service, Unknown):
        return Wait(service.why, blind=True)
    arriving = arrival.arriving(facts, service, attempt)
    if arriving is not None:
        return arriving
    ended = _failed_itself(facts, limits, commands, attempt)
    if ended is not None:
        return ended
    settling = redeploy.settling(facts.at, service, attempt)
    if isinstance(settling, Escalate):
        return _no_better(commands, attempt, settling.reason)
    return settling or _measured(facts, incident, limits, commands, attempt)


def _failed_itself(
    facts: Facts, limits: Limits, commands: Commands, attempt: Attempt
) -> Decision | None:
    """Return what the new tasks' own end says; only what ended since the fix is theirs."""
    ends = signs.ends(facts, limits)
    if isinstance(ends, Unknown):
        return Wait(ends.why, blind=True)
    if attempt.fix == "raise_memory" and ends.out_of_memory:
        why = f"out of memory again after it was raised to {attempt.prior['to_mib']} MiB: a leak"
        return Escalate(why, commands.look, Verdict(Outcome.FAILED, why))
    if not ends.crash_loop:
        return None
    return _no_better(commands, attempt, f"after the {attempt.fix}: {ends.crash_loop}")


def _measured(
    facts: Facts, incident: Incident, limits: Limits, commands: Commands, attempt: Attempt
) -> Decision:
    since = attempt.outcome_at or attempt.tried_at
    complete = _complete(facts, attempt)
    counted = symptom.minutes(facts, complete)
    if isinstance(counted, Unknown):
        return Wait(counted.why, blind=True)
    rate = symptom.rate(counted[-limits.good_minutes :])
    if not _enough(rate, limits):
        rate = symptom.rate(counted)  # at night five minutes may be too few
    name = f"{rate} since the {attempt.fix} of {since:%H:%M}"
    if rate.out < FEWEST_DATAPOINTS and not _enough(rate, limits):
        return _unproved(facts, limits, complete, name)
    if rate.percent < limits.rate_percent and not rate.out:
        return Wait(name, verdict=Verdict(Outcome.VERIFIED, name))
    fault = signs.fault(facts, limits)
    if isinstance(fault, signs.Fault) and incident.handed_over_at is None:
        why = f"{name}: {fault.why}"
        verdict = Verdict(Outcome.FAILED, why)
        return HandOver(fault.scenario, commands.database, why, verdict)
    return _no_better(commands, attempt, f"it did not help: {name}")


def _enough(rate: symptom.Rate, limits: Limits) -> bool:
    return rate.asked >= limits.fewest_requests and rate.datapoints >= FEWEST_DATAPOINTS


def _complete(facts: Facts, attempt: Attempt) -> datetime:
    """Return since when only the new tasks answer."""
    since = attempt.outcome_at or attempt.tried_at
    if isinstance(facts.service, Unknown):
        return since
    latest = since + redeploy.COMPLETED_DEADLINE
    return max(since, min(facts.service.primary.updated_at, latest))


def _unproved(facts: Facts, limits: Limits, complete: datetime, name: str) -> Decision:
    if facts.at - complete - redeploy.SETTLE < minutes(limits.prove_minutes):
        fewest = f"{limits.fewest_requests} requests in {FEWEST_DATAPOINTS} min"
        return Wait(f"{name}; {fewest} are needed for a verdict")
    why = f"not proved: {name}, too few for a verdict in {limits.prove_minutes} min"
    return Escalate(why, verdict=Verdict(Outcome.FAILED, why))


def _no_better(commands: Commands, attempt: Attempt, why: str) -> Decision:
    """Put memory back as it was; a rollback stays, for what it replaced was no better."""
    if attempt.fix != "raise_memory":
        return Escalate(why, commands.deployments, Verdict(Outcome.FAILED, why))
    before = str(attempt.prior["task_definition"]).rsplit("/", 1)[-1]
    return Apply(
        "restore_memory",
        f"{before} is put back, for {why}",
        undoes=attempt.intent_id,
        command=commands.deploy(before),
    )
