"""Items that somebody left in the table: incidents of other scenarios, messages that were not sent."""

from typing import Any

from stage import Stage


def some_incident(stage: Stage, scenario: str, **values: Any) -> None:
    """Leave an open incident of a scenario, due for half a minute at the stage's beginning."""
    usual = {
        "version": 1,
        "open": "open",
        "claim_until": "2026-11-23T01:00:00.000Z",
        "next_look_at": "2026-11-23T01:59:30.000Z",
        "scenario": scenario,
        "target": "some-target",
        "incident_id": f"{scenario}-1",
        "triggers": 1,
    }
    stage.put(f"incident#{scenario}#some-target", "current", **{**usual, **values})


def unsent(stage: Stage, at: str, **values: Any) -> None:
    """Leave a page in the outbox, written at a moment."""
    usual = {
        "kind": "page",
        "subject": "s",
        "body": "b",
        "scenario": "worker_stuck",
        "incident": "i",
        "dedup": f"dedup {at}",
    }
    stage.put("outbox", f"{at}#dedup {at}", **{**usual, **values})
