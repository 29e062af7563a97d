"""A moment, series of datapoints and an incident, for tables of decisions of any scenario."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from runbook.checks.metrics import Sample, Samples
from runbook.model import Attempt, Decision, Incident, Outcome, Status

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)


def ago(minutes: float) -> datetime:
    """Return a moment before now."""
    return NOW - timedelta(minutes=minutes)


def series(*values: float, newest: float = 1) -> Samples:
    """Return one datapoint a minute, oldest first; the newest is of ``newest`` minutes ago."""
    oldest = newest + len(values) - 1
    return tuple(Sample(ago(oldest - number), value) for number, value in enumerate(values))


def attempt(
    fix: str, outcome: Outcome | None = Outcome.APPLIED, minutes: float = 10, **changes: Any
) -> Attempt:
    """Return a change of ``minutes`` ago, as the gate writes it down."""
    usual = Attempt(
        intent_id=f"intent-{fix}",
        fix=fix,
        resource="some resource",
        reason="some reason",
        prior={},
        intended_at=ago(minutes),
        tried_at=ago(minutes),
        outcome=outcome,
        outcome_at=ago(minutes) if outcome else None,
        left={},
    )
    return replace(usual, **changes)


def incident(*attempts: Attempt, opened: float = 5, **changes: Any) -> Incident:
    """Return an open incident of ``opened`` minutes ago."""
    usual = Incident(
        id="some-20261123-0255-7f3a",
        scenario="some_scenario",
        target="some-target",
        status=Status.OPEN,
        version=3,
        opened_at=ago(opened),
        attempts=attempts,
    )
    return replace(usual, **changes)


def kind(decision: Decision) -> str:
    """Return what a decision is in a few words: its type and fix, that it is blind, its verdict."""
    words = [type(decision).__name__, getattr(decision, "fix", "")]
    words.append("blind" if getattr(decision, "blind", False) else "")
    verdict = getattr(decision, "verdict", None)
    words.append(str(verdict.outcome) if verdict else "")
    return " ".join(word for word in words if word)
