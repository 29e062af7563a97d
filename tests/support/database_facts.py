"""What a rollback of the database sees, states and has tried, as its tests need it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from migrations_world import DEFINITION, FAMILY, INTENT, NOW, PREFIX, migrations, minutes
from rollback.database import Facts
from runbook.checks.snapshots import Snapshot
from runbook.fixes.downgrade import Downgrade
from runbook.model import Attempt, Outcome, Unknown

TAKEN = NOW - timedelta(hours=2)
SNAPSHOT = Snapshot("before-release", "saas-prod-db", "available", TAKEN)
STATED = {
    "from": "b2e4",
    "backwards_compatible": True,
    "no_data_in_new_columns": True,
    "snapshot": "before-release",
}
GONE = Unknown("tasks of saas-migrate: AWS answered ThrottlingException")
AWS: Any = None
FIX = Downgrade(AWS, FAMILY, "saas-prod-db", PREFIX, "me-south-1", "rollback_database")


def facts(**changes: Any) -> Facts:
    return replace(Facts(NOW, migrations(), SNAPSHOT), **changes)


def attempt(ago: float = 5) -> Attempt:
    at = NOW - minutes(ago)
    return Attempt(
        intent_id=INTENT,
        fix="downgrade",
        resource="db:saas-prod-db",
        reason="asked for",
        prior={"from": "b2e4", "to": "a1f0", "definition": DEFINITION},
        intended_at=at,
        tried_at=at,
        outcome=Outcome.APPLIED,
        outcome_at=at,
    )
