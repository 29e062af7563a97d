"""What a look writes into the incident's record, and what it answers to who asked."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from runbook import rules
from runbook.clock import to_text
from runbook.gate import Refusal
from runbook.model import Attempt, Decision, Incident, Verdict
from runbook.trigger import Trigger

MOST_KEPT = 100
"""Of a list in a record's facts: an item of DynamoDB takes 400 KB, and a stopped task has about 600 bytes."""


def line(
    trigger: Trigger, facts: Any, seen: Mapping[str, str], now: datetime, decided: str, why: str
) -> dict[str, Any]:
    """Return one entry of a timeline: why it was looked, what was seen, what follows.

    The facts are kept whole, so that a past decision can be made again with newer code.
    """
    return {
        "at": to_text(now),
        "trigger": trigger.why,
        "event_id": trigger.event_id,
        "decided": decided,
        "why": why,
        "seen": dict(seen),
        "facts": json.dumps(_bounded(asdict(facts)), default=str),
    }


def _bounded(value: Any) -> Any:
    """Return facts with their long lists cut: a service may have hundreds of stopped tasks."""
    if isinstance(value, dict):
        return {name: _bounded(one) for name, one in value.items()}
    if not isinstance(value, list | tuple):
        return value
    kept = [_bounded(one) for one in value[:MOST_KEPT]]
    left = len(value) - len(kept)
    return [*kept, f"{left} more"] if left else kept


def intent(attempt: Attempt) -> dict[str, Any]:
    """Return what an entry says of a change that is about to be made."""
    return {**_change(attempt), "prior": dict(attempt.prior)}


def done(
    refusal: Refusal | None, changed: Attempt | None, verdict: Verdict | None
) -> dict[str, Any]:
    """Return what an entry says of a change that was made, refused or judged."""
    found: dict[str, Any] = {}
    if refusal:
        found["refusal"] = {"code": refusal.code, "reason": refusal.reason}
    if changed:
        outcome, request_id = str(changed.outcome), changed.request_id
        found |= {**_change(changed), "outcome": outcome, "request_id": request_id}
    if verdict:
        found["verdict"] = {"outcome": str(verdict.outcome), "why": verdict.why}
        if verdict.intent:
            found["verdict"]["intent"] = verdict.intent
    return found


def _change(attempt: Attempt) -> dict[str, Any]:
    found = {"intent": attempt.intent_id, "fix": attempt.fix, "resource": attempt.resource}
    return {**found, "undoes": attempt.undoes} if attempt.undoes else found


def answer(
    incident: Incident,
    decision: Decision,
    seen: Mapping[str, str],
    now: datetime,
    refusal: Refusal | None,
    changed: Attempt | None,
    unsent: list[str],
) -> dict[str, Any]:
    """Return what a look tells its caller."""
    found: dict[str, Any] = {
        "incident": incident.id,
        "seen": dict(seen),
        "decided": type(decision).__name__,
        "why": decision.reason,
        "changed": f"{changed.fix} of {changed.resource}" if changed else "nothing",
        "status": incident.status.value,
        "next_look": to_text(rules.next_look(decision, incident, now)),
        "record": f"record#{incident.id} {incident.version:06}",
    }
    if refusal:
        found["refusal"] = refusal.reason
    if unsent:
        found["unsent"] = unsent
    return found
