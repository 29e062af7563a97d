"""The ledger of changes that are not meant to stay: what was changed, from what, and who has to decide.

An entry is written with the outcome APPLIED and removed with UNDONE or SUPERSEDED, in the same
transactions. One that is still there when it is due is a person's to adopt or to revert; patrol says so.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from runbook.clock import to_text
from runbook.model import Attempt, Incident
from runbook.table import SCHEMA, put, to_aws

PARTITION = "ledger"
REMIND_AGAIN = timedelta(hours=24)
"""Between two reminders of one entry: once in each working day."""


def entry(
    incident: Incident, attempt: Attempt, *, keep: timedelta, command: str, revert: str
) -> dict[str, Any]:
    """Return the transaction item that opens an entry.

    Args:
        incident: whose fix it is.
        attempt: the applied fix, with what it left.
        keep: after how long a person is asked to adopt or revert it.
        command: what was done, as a person would type it.
        revert: what a person types to take it back.
    """
    applied_at = attempt.outcome_at or attempt.tried_at
    return put(
        {
            "pk": PARTITION,
            "sk": attempt.intent_id,
            "schema": SCHEMA,
            "scenario": incident.scenario,
            "target": incident.target,
            "incident": incident.id,
            "fix": attempt.fix,
            "resource": attempt.resource,
            "prior": dict(attempt.prior),
            "left": dict(attempt.left),
            "applied_at": to_text(applied_at),
            "due_at": to_text(applied_at + keep),
            "command": command,
            "revert": revert,
        }
    )


def close(intent_id: str) -> Mapping[str, Any]:
    """Return the transaction item that removes an entry; it is fine when there is none."""
    return {"Delete": {"Key": to_aws({"pk": PARTITION, "sk": intent_id})}}
