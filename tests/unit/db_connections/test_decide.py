"""Runbook scenario B as a table: one step at a time, worker first, everything put back."""

from dataclasses import replace
from typing import Any

import pytest

from around import NOW, ago, attempt, incident, kind, series
from db_connections.checks import Facts
from db_connections.decide import Advice, Known, Limits, decide
from runbook.checks.autoscaling import Scaling
from runbook.checks.ecs import Deployment, Service
from runbook.fixes.scale import Tier, lowered
from runbook.model import Attempt, Decision, Incident, Outcome, Status, Unknown

LIMITS = Limits(connections=200)
UNKNOWN = Unknown("not read")
ADVICE = Advice(
    {
        "worker": Known(1, 210, 5, "worker {count}"),
        "backend": Known(2, 270, 10, "backend {count}"),
    },
    "ask pg_stat_activity",
)


def service(name: str, desired: int) -> Service:
    primary = Deployment("ecs-svc/1", "PRIMARY", f"{name}:1", "COMPLETED", ago(900), ago(890), 0)
    return Service(name, desired, desired, 0, "ECS", "ROLLING", (primary,))


def tiers(worker: int = 4, backend: int = 8) -> dict[str, Tier]:
    counts = {"worker": worker, "backend": backend}
    return {
        name: Tier(service(name, count), series(20, 20), Scaling(0, ()), (f"10.0.0.{count}",))
        for name, count in counts.items()
    }


def facts(**changes: Any) -> Facts:
    """Return the facts of full connections while every tenth request fails."""
    usual = Facts(
        at=NOW,
        alarms={"connections": "ALARM"},
        connections=series(*[198] * 10),
        requests=series(*[100] * 10),
        errors=series(*[10] * 10),
        tiers=tiers(),
    )
    return replace(usual, **changes)


def decided(seen: Facts, about: Incident | None = None) -> Decision:
    return decide(seen, about or incident(opened=3), LIMITS, ADVICE)


def lower(tier: str = "worker", outcome: Outcome = Outcome.APPLIED, minutes: float = 10) -> Attempt:
    prior = {"desired": 4, "to": 3, "connections": 198}
    return attempt(f"scale_{tier}", outcome, minutes, prior=prior, left={"desired": 3})


@pytest.mark.parametrize(
    ("count", "floor", "expected"),
    [(8, 1, 6), (4, 1, 3), (3, 1, 2), (2, 1, 1), (1, 1, 1), (2, 2, 2), (100, 1, 75)],
)
def test_a_step_is_a_quarter_at_least_one_task_never_below_the_floor(
    count: int, floor: int, expected: int
) -> None:
    assert lowered(count, floor) == expected


@pytest.mark.parametrize(
    ("changes", "opened", "expected"),
    [
        pytest.param({}, 3, "Apply scale_worker", id="full, and users see errors"),
        pytest.param(
            {"tiers": tiers(worker=1)}, 3, "Apply scale_backend", id="worker at its floor"
        ),
        pytest.param({"tiers": tiers(1, 2)}, 3, "Escalate", id="both at their floor"),
        pytest.param({"connections": series(*[189] * 10)}, 3, "Wait", id="94.5 %"),
        pytest.param({"connections": series(*[190] * 10)}, 3, "Apply scale_worker", id="95 %"),
        pytest.param({"errors": ()}, 3, "Wait", id="full, no user sees errors"),
        pytest.param({"errors": series(*[4] * 10)}, 3, "Wait", id="4 % errors"),
        pytest.param({"errors": ()}, 30, "Escalate", id="full for 30 min without errors"),
        pytest.param({"requests": series(*[19] * 10)}, 3, "Wait blind", id="too few requests"),
        pytest.param({"requests": UNKNOWN}, 3, "Wait blind", id="requests not readable"),
        pytest.param({"connections": UNKNOWN}, 3, "Wait blind", id="connections not readable"),
        pytest.param({"connections": series(198, newest=6)}, 3, "Wait blind", id="old datapoint"),
    ],
)
def test_the_table_before_a_step(changes: dict[str, Any], opened: float, expected: str) -> None:
    decision = decided(facts(**changes), incident(opened=opened))

    assert kind(decision) == expected


@pytest.mark.parametrize(
    ("connections", "minutes", "errors", "expected"),
    [
        pytest.param([150] * 10, 3.4, 10, "Wait", id="settling"),
        pytest.param([150] * 10, 10, 10, "Wait VERIFIED", id="fell"),
        pytest.param([150] * 10, 5, 10, "Wait", id="two datapoints since it settled"),
        pytest.param([198] * 10, 10, 10, "Apply scale_backend", id="no fall, users suffer"),
        pytest.param([198] * 10, 10, 0, "Wait FAILED", id="no fall, users do not suffer"),
        pytest.param([191] * 10, 10, 0, "Wait FAILED", id="fell, still full"),
    ],
)
def test_the_fall_of_connections_judges_the_step(
    connections: list[int], minutes: float, errors: int, expected: str
) -> None:
    seen = facts(connections=series(*connections), errors=series(*[errors] * 10))

    decision = decided(seen, incident(lower(minutes=minutes), opened=15))

    assert kind(decision) == expected


def test_a_step_that_did_not_help_is_taken_back_where_the_next_one_was_refused() -> None:
    escalated = incident(lower(), opened=20, status=Status.ESCALATED)

    decision = decided(facts(), escalated)

    assert kind(decision) == "Wait FAILED"


def test_takes_back_both_steps_newest_first_then_pages_with_the_counts() -> None:
    worker, backend = lower(outcome=Outcome.FAILED), lower("backend", Outcome.FAILED, 5)
    undo = attempt(
        "restore_worker", minutes=1, prior={"failed": True}, undoes="intent-scale_worker"
    )
    undone = (
        replace(worker, outcome=Outcome.UNDONE),
        replace(backend, outcome=Outcome.UNDONE),
        undo,
    )

    first = decided(facts(), incident(worker, backend, opened=20))
    second = decided(facts(), incident(worker, undone[1], opened=20))
    last = decided(facts(), incident(*undone, opened=25))

    assert (kind(first), getattr(first, "undoes", "")) == (
        "Apply restore_backend",
        "intent-scale_backend",
    )
    assert kind(second) == "Apply restore_worker"
    assert kind(last) == "Escalate"
    assert "backend: 8 tasks x pool of 10 = 80, from 10.0.0.8" in getattr(last, "proposal", "")
    assert "ask pg_stat_activity" in getattr(last, "proposal", "")


@pytest.mark.parametrize(
    ("connections", "alarm", "expected"),
    [
        pytest.param(198, "ALARM", "Apply scale_backend", id="still full"),
        pytest.param(100, "OK", "Resolve", id="over"),
    ],
)
def test_a_step_that_aws_refused_is_not_taken_back(
    connections: int, alarm: str, expected: str
) -> None:
    refused = replace(lower(outcome=Outcome.FAILED), left={})
    seen = facts(connections=series(*[connections] * 10), alarms={"connections": alarm})

    decision = decided(seen, incident(refused, opened=20))

    assert kind(decision) == expected


@pytest.mark.parametrize(
    ("connections", "expected"),
    [
        pytest.param([100] * 5, "Apply restore_worker", id="below 80 % for 5 min"),
        pytest.param([180, 100, 100, 100, 100], "Wait", id="for 4 min"),
        pytest.param([100, 100, 100, 100, 160], "Wait", id="80 % again"),
    ],
)
def test_puts_back_what_helped_while_connections_stay_low(
    connections: list[int], expected: str
) -> None:
    about = incident(lower(outcome=Outcome.VERIFIED), opened=29)

    decision = decided(facts(connections=series(*connections), errors=()), about)

    assert kind(decision) == expected


def test_puts_back_one_count_at_a_time() -> None:
    both = (lower(outcome=Outcome.VERIFIED), lower("backend", Outcome.UNDONE))
    undo = attempt("restore_backend", minutes=2, undoes="intent-scale_backend")

    decision = decided(facts(connections=series(*[100] * 9), errors=()), incident(*both, undo))

    assert kind(decision) == "Wait"
    assert "settles" in decision.reason


def test_stops_putting_back_where_connections_climb_again() -> None:
    both = (lower(outcome=Outcome.VERIFIED), lower("backend", Outcome.UNDONE))
    undo = attempt("restore_backend", minutes=2, undoes="intent-scale_backend")
    seen = facts(connections=series(100, 100, 100, 130, 165), errors=())

    decision = decided(seen, incident(*both, undo))

    assert kind(decision) == "Escalate"
    assert "still lowered: worker" in decision.reason


@pytest.mark.parametrize(
    ("attempts", "alarm", "expected"),
    [
        pytest.param((), "OK", "Resolve", id="never lowered"),
        pytest.param((lower(outcome=Outcome.UNDONE),), "OK", "Resolve", id="put back"),
        pytest.param(
            (lower(outcome=Outcome.SUPERSEDED),), "OK", "Resolve", id="somebody else's now"
        ),
        pytest.param((), "ALARM", "Wait", id="alarm not OK"),
    ],
)
def test_ends_when_everything_is_whole_again(
    attempts: tuple[Attempt, ...], alarm: str, expected: str
) -> None:
    seen = facts(connections=series(*[100] * 5), alarms={"connections": alarm}, errors=())

    decision = decided(seen, incident(*attempts, opened=60))

    assert kind(decision) == expected


def test_a_person_that_has_it_is_not_paged_again_about_the_same() -> None:
    undo = attempt(
        "restore_worker", minutes=9, prior={"failed": True}, undoes="intent-scale_worker"
    )
    about = incident(lower(outcome=Outcome.UNDONE), undo, opened=40, status=Status.ESCALATED)

    decision = decided(facts(connections=series(*[100] * 5), alarms={"connections": "OK"}), about)

    assert kind(decision) == "Resolve"


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        pytest.param("ALARM", "Escalate", id="rings"),
        pytest.param("INSUFFICIENT_DATA", "Wait blind", id="no data"),
    ],
)
def test_an_alarm_that_is_not_ok_while_connections_are_few_is_told(
    state: str, expected: str
) -> None:
    seen = facts(connections=series(*[100] * 20), alarms={"the team's own": state})

    decision = decided(seen, incident(opened=20))

    assert kind(decision) == expected


HELD = lower(outcome=Outcome.VERIFIED)


@pytest.mark.parametrize(
    ("state", "opened", "attempts", "expected"),
    [
        pytest.param("ALARM", 29, (), "Wait", id="an alarm rings for 29 min"),
        pytest.param("ALARM", 30, (), "Escalate", id="an alarm rings for 30 min"),
        pytest.param("OK", 29, (), "Wait", id="29 min"),
        pytest.param("OK", 30, (), "Resolve", id="the usual load"),
        pytest.param("OK", 30, (HELD,), "Escalate", id="too many to put back what is lowered"),
        pytest.param("OK", 30, (lower(outcome=Outcome.UNDONE),), "Resolve", id="put back"),
        pytest.param("INSUFFICIENT_DATA", 30, (), "Wait blind", id="an alarm without data"),
    ],
)
def test_a_load_just_below_the_limit_is_no_incident_for_ever(
    state: str, opened: float, attempts: tuple[Attempt, ...], expected: str
) -> None:
    seen = facts(connections=series(*[180] * 20), alarms={"the team's own": state})

    decision = decided(seen, incident(*attempts, opened=opened))

    assert kind(decision) == expected
    assert not getattr(decision, "tells", False)


def test_the_time_below_the_limit_begins_when_it_was_last_full() -> None:
    seen = facts(connections=series(*[197] * 5, *[180] * 15), alarms={"connections": "OK"})

    assert kind(decided(seen, incident(opened=300))) == "Wait"


def test_nobody_knows_by_a_quiet_page_why_others_suffer_later() -> None:
    quiet = decided(facts(errors=()), incident(opened=31))

    assert kind(quiet) == "Escalate"
    assert not getattr(quiet, "tells", True)
