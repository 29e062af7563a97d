"""Records as the table has them, and the draft that is made of them."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from patrol.timeline import Draft, Entry, understand

BEGIN = datetime(2026, 11, 23, 3, 14, tzinfo=UTC)
ID = "worker_stuck-20261123-0314-7f3a"
DUE = "patrol: due"
RANG = "alarm nightshift-prod/worker_stuck/queue-depth went to ALARM"
REDEPLOY = {"intent": "i-1", "fix": "redeploy", "resource": "ecs:saas-prod/saas-worker"}


def depths(*values: float, until: datetime = BEGIN) -> list[dict[str, Any]]:
    """Return one datapoint a minute, the last of the minute before ``until``, as facts keep them."""
    first = until - timedelta(minutes=len(values))
    return [
        {"at": str(first + timedelta(minutes=minute)), "value": value}
        for minute, value in enumerate(values)
    ]


def record(minute: float, decided: str = "Wait", why: str = "stuck", **more: Any) -> dict[str, Any]:
    """Return what a look of that minute after the beginning has left."""
    at = BEGIN + timedelta(minutes=minute)
    facts = more.pop("facts", {"depth": depths(20, 100, 140, until=at)})
    return {
        "pk": f"record#{ID}",
        "sk": f"{int(minute * 2) + 2:06}",
        "at": at.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "trigger": DUE if minute else RANG,
        "decided": decided,
        "why": why,
        "seen": {"queue": "20 100 140 messages, last 5 min", "alarms": "queue-depth ALARM"},
        "facts": json.dumps(facts),
        **more,
    }


def applied(minute: float, outcome: str = "APPLIED", **more: Any) -> list[dict[str, Any]]:
    """Return the two records of a change: its intent, and what came of it."""
    change = {**REDEPLOY, **more}
    return [
        record(minute, "Apply", "the worker is stuck", **change),
        record(minute + 0.5, **change, outcome=outcome, request_id="r-1"),
    ]


def entries(records: Sequence[Mapping[str, Any]]) -> tuple[Entry, ...]:
    """Return records as patrol reads them."""
    found: list[Entry] = []
    for one in records:
        found.append(understand(one, begins=not found or found[-1].ends))
    return tuple(found)


def draft(records: Sequence[Mapping[str, Any]], **changes: Any) -> Draft:
    """Return a draft of records."""
    what: dict[str, Any] = {
        "incident": ID,
        "scenario": "worker_stuck",
        "target": "saas-worker",
        "region": "me-south-1",
        "table": "nightshift-prod",
        "records": entries(records),
        "whole": True,
        "ledger": (),
        "bad": {"at_least": 100},
    }
    return Draft(**{**what, **changes})
