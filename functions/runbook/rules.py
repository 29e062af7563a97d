"""What holds for every scenario, around its own ``decide``; as pure as it.

blind      a decision that needs an unknown waits; the third time in a row it escalates
flapping   from the third re-opening within an hour on: no fix any more, one page each time
escalated  nothing is changed any more but what we changed is taken back; looked at every 5 min; it may
           still resolve
"""

from dataclasses import replace
from datetime import datetime, timedelta

from runbook.clock import from_text
from runbook.gate import EXPLAINED, Refusal
from runbook.model import (
    LOOK_AGAIN_SECONDS,
    Apply,
    Attempt,
    Decision,
    Escalate,
    HandOver,
    Incident,
    Outcome,
    Resolve,
    Status,
    Verdict,
    Wait,
)

MOST_BLIND_LOOKS = 3
"""In a row: with a minute between looks a throttled API has had three chances."""
FLAPPING = 3
"""Re-openings within 60 min: what comes back so often is not repaired by repeating the repair."""
ESCALATED_SECONDS = 300
"""Between looks while a person has it."""
REFUSED_DEADLINE = timedelta(minutes=15)
"""How long somebody else's deployment or an occupied resource is waited for."""
MOST_UNDOS = 3
"""Calls that AWS refused, for taking back one change: it is not going to take the next one either."""
PAGE_AGAIN = timedelta(minutes=15)
"""A page repeats until it is acknowledged or the incident ends."""


def temper(decision: Decision, incident: Incident, *, by_hand: bool) -> Decision:
    """Return the scenario's decision as these rules leave it."""
    if isinstance(decision, Wait) and decision.blind:
        decision = _blind(decision, incident)
    if by_hand:
        return decision
    if len(incident.reopened_at) >= FLAPPING and incident.status is Status.OPEN:
        decision = _flapping(decision, incident)
    if incident.status is Status.ESCALATED:
        decision = _escalated(decision)
    if isinstance(decision, Apply) and _refused_often(decision, incident):
        decision = Wait(
            f"taking it back was refused {MOST_UNDOS} times: a person has to; {decision.reason}",
            ESCALATED_SECONDS,
        )
    return decision


def _refused_often(decision: Apply, incident: Incident) -> bool:
    """Say whether an undo has been refused so often that it is left to a person; they have been paged."""
    refused = [
        one
        for one in incident.attempts
        if one.undoes == decision.undoes and one.outcome is Outcome.FAILED
    ]
    return bool(decision.undoes) and len(refused) >= MOST_UNDOS


def _blind(decision: Wait, incident: Incident) -> Decision:
    if incident.blind_looks + 1 < MOST_BLIND_LOOKS:
        return decision
    why = f"blind: {decision.reason}, {MOST_BLIND_LOOKS} looks in a row"
    return Escalate(why, verdict=decision.verdict, tells=False)


def _flapping(decision: Decision, incident: Incident) -> Decision:
    times = len(incident.reopened_at)
    why = f"flapping: came back {times} times within an hour; no fix is applied any more"
    return Escalate(why, verdict=getattr(decision, "verdict", None))


def _escalated(decision: Decision) -> Decision:
    if isinstance(decision, Resolve):
        return decision
    if isinstance(decision, Apply) and decision.undoes:
        return decision  # what we changed for a while is put back also while a person looks
    prefix = "a person has it, nothing is changed; "
    verdict = None if isinstance(decision, Apply) else decision.verdict
    return Wait(prefix + decision.reason, ESCALATED_SECONDS, verdict=verdict)


def after_refusal(decision: Apply, refusal: Refusal, incident: Incident, now: datetime) -> Decision:
    """Return what a refused fix comes to: waiting for the way to be free, or a person."""
    why = f"{decision.reason}; {decision.fix} not applied: {refusal.reason}"
    if refusal.code == EXPLAINED:
        return Wait(why)
    since = incident.refused_since or now
    if refusal.then == "wait" and now - since < REFUSED_DEADLINE:
        return Wait(why)
    return Escalate(why)


def conclude(
    incident: Incident, decision: Decision, now: datetime, *, refused: bool = False
) -> Incident:
    """Return the incident as it stands after a decision that changes nothing in the world."""
    blind = isinstance(decision, Wait) and decision.blind
    incident = replace(
        incident,
        blind_looks=incident.blind_looks + 1 if blind else 0,
        refused_since=(incident.refused_since or now) if refused else None,
    )
    if not isinstance(decision, Apply) and decision.verdict:
        incident = judge(incident, decision.verdict, now)
    if isinstance(decision, HandOver):
        again = incident.handed_over_to == decision.scenario
        since = incident.handed_over_at if again else None
        return replace(incident, handed_over_at=since or now, handed_over_to=decision.scenario)
    if isinstance(decision, Resolve):
        return replace(
            incident,
            status=Status.RESOLVED,
            resolved_at=now,
            told_at=None,
            page_again_at=None,
            page={},
        )
    if isinstance(decision, Escalate):
        again_at = now + PAGE_AGAIN
        told_at = now if decision.tells else incident.told_at
        return replace(incident, status=Status.ESCALATED, told_at=told_at, page_again_at=again_at)
    return incident


def outdated(at: datetime, incident: Incident) -> bool:
    """Say whether facts read from ``at`` on may be older than the incident's last fix.

    A look reads the world beside its claim. Where another look fixed something and ended between the two,
    the facts show the world before that fix, and would be taken for somebody's change after it.
    """
    changed_at = incident.last.outcome_at if incident.last else None
    return changed_at is not None and at <= changed_at


def judge(incident: Incident, verdict: Verdict, now: datetime) -> Incident:
    """Return the incident with the attempts closed that the verdict is about."""
    judged = incident.judged_by(verdict)
    if not judged:
        raise ValueError(f"{incident.id} has no fix that {verdict.outcome} could be about")
    for one in judged:
        incident = close(incident, one.intent_id, verdict.outcome, now)
    return incident


def close(incident: Incident, intent_id: str, outcome: Outcome, now: datetime) -> Incident:
    """Return the incident with one attempt closed: taken back by us, or by somebody else."""
    attempts = tuple(
        replace(one, outcome=outcome, outcome_at=now) if one.intent_id == intent_id else one
        for one in incident.attempts
    )
    return replace(incident, attempts=attempts)


def with_last(incident: Incident, attempt: Attempt) -> Incident:
    """Return the incident with its last attempt replaced."""
    return replace(incident, attempts=(*incident.attempts[:-1], attempt))


def recurring(attempt: Attempt, verdict: Verdict | None, now: datetime) -> bool:
    """Say whether this is the second time within 24 h that the same fix helped the same resource."""
    before = attempt.prior.get("verified_before")
    helped = verdict is not None and verdict.outcome is Outcome.VERIFIED
    return bool(helped and before and now - from_text(before) < timedelta(hours=24))


def next_look(decision: Decision, incident: Incident, now: datetime) -> datetime:
    """Return when the incident is due again; of a resolved one, now: a trigger may claim it at once."""
    if incident.status is Status.RESOLVED:
        return now
    if incident.status is Status.ESCALATED:
        return now + timedelta(seconds=ESCALATED_SECONDS)
    return now + timedelta(
        seconds=decision.seconds if isinstance(decision, Wait) else LOOK_AGAIN_SECONDS
    )
