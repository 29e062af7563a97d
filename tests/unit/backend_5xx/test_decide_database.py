"""Where the database is at fault by evidence of its own, its chapter has it, for 10 min at the most."""

from typing import Any

import pytest

from backend_facts import (
    UNKNOWN,
    ago,
    cause,
    closer,
    crashes,
    decided,
    deployment,
    errors,
    event,
    facts,
    fresh,
    incident,
    kind,
    out_of_memory,
    series,
    service,
)
from runbook.checks.health import Health
from runbook.checks.metrics import Samples
from runbook.checks.rds import Instance
from runbook.model import Escalate, HandOver, Status, Wait

SICK = {"health": Health(503, db=False, redis=True)}


def rds(status: str) -> dict[str, Any]:
    return {"instance": Instance("saas-prod-db", status, True, "db.t4g.medium", 100)}


@pytest.mark.parametrize(
    ("seen", "scenario", "why"),
    [
        pytest.param(
            rds("failing-over"), "db_unavailable", "RDS saas-prod-db is failing-over", id="not-up"
        ),
        pytest.param(
            {**rds("modifying"), **SICK},
            "db_unavailable",
            "RDS saas-prod-db is modifying",
            id="being-changed-and-away",
        ),
        pytest.param(
            rds("holidays"), "db_unavailable", "RDS saas-prod-db is holidays", id="in-no-list"
        ),
        pytest.param(
            {"events": (event(14, "failover"),)},
            "db_unavailable",
            "RDS at 02:46 UTC: Multi-AZ instance failover started",
            id="an-event-14-minutes-ago",
        ),
        pytest.param(
            {"connections": series(188)},
            "db_connections",
            "188 of 197 connections are taken",
            id="95-percent-of-the-connections",
        ),
        pytest.param(
            {**SICK, "closer": closer(worker_lines=errors(9, 3))},
            "db_unavailable",
            "the health endpoint says db: error, and the worker of 26 Oct has 3 such lines",
            id="the-workers-old-revision-says-it-too",
        ),
        pytest.param(
            {"closer": closer(lines=errors(9, 5), worker_lines=errors(9, 3))},
            "db_unavailable",
            "5 of 9 error lines are about the database, and the worker of 26 Oct has 3 such lines",
            id="both-logs-say-it",
        ),
    ],
)
def test_hands_a_database_at_fault_over(seen: dict[str, Any], scenario: str, why: str) -> None:
    reason = f"the database is at fault: {why}"

    assert decided(facts(**seen)) == HandOver(scenario, "saas-prod-db", reason)


@pytest.mark.parametrize(
    "seen",
    [
        pytest.param(rds("available"), id="available"),
        pytest.param(rds("backing-up"), id="backing-up"),
        pytest.param(rds("storage-optimization"), id="optimizing-storage"),
        pytest.param({"events": (event(15, "failover"),)}, id="an-event-15-minutes-ago"),
        pytest.param({"events": (event(5, "backup"),)}, id="a-backup"),
        pytest.param({"events": (event(5),)}, id="an-event-of-no-category"),
        pytest.param({"connections": series(187)}, id="94-percent-of-the-connections"),
        pytest.param(
            {"closer": closer(worker_lines=errors(9, 3))}, id="only-the-worker-misses-the-database"
        ),
        pytest.param(
            {"health": Health(200, db=True, redis=True)}, id="a-health-endpoint-that-says-ok"
        ),
    ],
)
def test_keeps_what_has_no_evidence_of_its_own(seen: dict[str, Any]) -> None:
    assert kind(decided(facts(**seen))) == "Escalate"


SAYS_SO = HandOver(
    "db_unavailable",
    "saas-prod-db",
    "the application itself says that its database fails, and no deployment explains it",
)


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        pytest.param({}, "HandOver", id="all-else-is-well"),
        pytest.param(
            {"closer": closer(worker_lines=errors(9))}, "HandOver", id="the-worker-is-well"
        ),
        pytest.param(fresh(), "Apply rollback", id="since-a-fresh-deployment"),
        pytest.param({"stopped": out_of_memory(1, 4)}, "Apply raise_memory", id="out-of-memory"),
        pytest.param({"stopped": crashes(1, 4, 7)}, "Escalate", id="tasks-crash"),
        pytest.param({"health": Health(503, db=None, redis=False)}, "Escalate", id="of-redis-only"),
        pytest.param({"health": UNKNOWN}, "Escalate", id="it-cannot-be-asked"),
    ],
)
def test_leaves_what_only_the_application_says_of_its_database_to_scenario_c(
    seen: dict[str, Any], expected: str
) -> None:
    decision = decided(facts(**{**SICK, **seen}))

    assert kind(decision) == expected
    assert (decision == SAYS_SO) is (expected == "HandOver")


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [pytest.param(9, "Wait", id="new"), pytest.param(10, "Escalate", id="old")],
)
def test_hands_it_over_once_and_then_speaks_for_itself(minutes: float, expected: str) -> None:
    open_there = cause("db_unavailable", minutes)

    assert kind(decided(facts(**SICK, known=open_there), handed_over(minutes))) == expected


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({**fresh(), "stopped": crashes(1, 4, 7)}, id="a-bad-deployment"),
        pytest.param({"stopped": out_of_memory(1, 4)}, id="out-of-memory"),
        pytest.param({"service": service(running=1)}, id="a-task-is-missing"),
    ],
)
def test_the_database_comes_before_every_fix_of_our_own(other: dict[str, Any]) -> None:
    assert kind(decided(facts(**rds("stopped"), **other))) == "HandOver"


def handed_over(minutes: float, to: str = "db_unavailable", opened: float | None = None) -> Any:
    began = minutes + 1 if opened is None else opened
    return incident(opened=began, handed_over_at=ago(minutes), handed_over_to=to)


FAILOVER = {"events": (event(3, "failover"),)}


@pytest.mark.parametrize(
    ("seen", "minutes", "expected"),
    [
        pytest.param(rds("failing-over"), 9.9, "Wait", id="down, 10 minutes are not over"),
        pytest.param(rds("failing-over"), 10, "Escalate", id="down for 10 minutes"),
        pytest.param(FAILOVER, 9.9, "Wait", id="an event, 10 minutes are not over"),
        pytest.param(
            {**FAILOVER, "stopped": out_of_memory(1, 4)},
            10,
            "Apply raise_memory",
            id="an event, then its own rows count again",
        ),
    ],
)
def test_waits_for_the_other_chapter_for_ten_minutes(
    seen: dict[str, Any], minutes: float, expected: str
) -> None:
    assert kind(decided(facts(**seen), handed_over(minutes))) == expected


def test_says_to_whom_it_was_handed_over_and_when() -> None:
    waiting = decided(facts(**rds("stopped")), handed_over(5))
    asking = decided(facts(**rds("stopped")), handed_over(12))

    assert waiting == Wait("RDS saas-prod-db is stopped; handed over to db_unavailable at 02:55")
    assert isinstance(asking, Escalate)
    assert asking.reason == (
        "RDS saas-prod-db is stopped; handed over to db_unavailable 12 min ago, 5xx go on"
    )


@pytest.mark.parametrize("scenario", ["db_unavailable", "redis_unavailable"])
@pytest.mark.parametrize(
    ("minutes", "expected"),
    [pytest.param(9.9, "Wait", id="new"), pytest.param(10, "Escalate", id="10-minutes-old")],
)
def test_waits_while_another_open_incident_explains_it(
    scenario: str, minutes: float, expected: str
) -> None:
    seen = facts(known=cause(scenario, minutes))

    assert kind(decided(seen, incident(opened=20))) == expected


@pytest.mark.parametrize(
    ("minutes", "status", "expected"),
    [
        pytest.param(29.9, Status.OPEN, "Wait", id="at-work"),
        pytest.param(30, Status.OPEN, "Escalate", id="for-30-minutes"),
        pytest.param(29.9, Status.ESCALATED, "Escalate", id="given-up-long-ago"),
    ],
)
@pytest.mark.parametrize("connections", [series(197), series(60)], ids=["still-full", "free-again"])
def test_waits_in_silence_while_scenario_b_works_on_the_connections(
    connections: Samples, minutes: float, status: Status, expected: str
) -> None:
    seen = facts(connections=connections, known=cause("db_connections", minutes, status))
    about = handed_over(minutes, "db_connections", opened=40)

    assert kind(decided(seen, about)) == expected


@pytest.mark.parametrize(
    ("paged", "expected"),
    [pytest.param(29.9, "Wait", id="lately"), pytest.param(30, "Escalate", id="30-minutes-ago")],
)
@pytest.mark.parametrize(
    "seen",
    [
        pytest.param(rds("storage-full"), id="which-it-sees-itself"),
        pytest.param({}, id="which-may-explain-it"),
    ],
)
def test_pages_nobody_who_was_paged_about_the_database(
    seen: dict[str, Any], paged: float, expected: str
) -> None:
    known = cause("db_unavailable", 300, Status.ESCALATED, paged)

    decision = decided(facts(**seen, known=known), handed_over(40))

    assert kind(decision) == expected
    if expected == "Wait":
        assert "a person was paged about it at" in decision.reason


@pytest.mark.parametrize("status", [Status.OPEN, Status.ESCALATED])
def test_an_old_incident_of_another_scenario_explains_nothing_any_more(status: Status) -> None:
    assert kind(decided(facts(known=cause("redis_unavailable", 20, status)))) == "Escalate"


def test_what_fails_now_is_handed_over_anew_where_another_chapter_had_it_before() -> None:
    seen = facts(connections=series(197))

    assert kind(decided(seen, handed_over(24, "db_unavailable"))) == "HandOver"
    assert kind(decided(seen, handed_over(5, "db_connections"))) == "Wait"


def test_a_few_lines_about_the_database_among_many_are_no_sign() -> None:
    few = facts(**fresh(), closer=closer(lines=errors(5, 4)))
    beside = facts(**fresh(), closer=closer(lines=errors(400, 199)))

    assert [kind(decided(seen)) for seen in (few, beside)] == ["Escalate", "Escalate"]


def test_does_not_wait_with_what_only_a_fresh_deployment_shows() -> None:
    seen = facts(**fresh(), **SICK, known=cause("db_unavailable", 2))

    assert kind(decided(seen)) == "Apply rollback"


def test_an_unknown_table_is_no_other_incident() -> None:
    assert kind(decided(facts(known=UNKNOWN))) == "Escalate"


def test_a_worker_that_was_deployed_with_the_backend_proves_nothing_about_the_database() -> None:
    worker = service(deployment(4, 59), name="saas-worker")
    seen = facts(**SICK, closer=closer(worker=worker, worker_lines=errors(9, 3)))

    assert decided(seen) == SAYS_SO


@pytest.mark.parametrize("status", ["modifying", "maintenance"])
def test_a_change_of_the_database_is_no_fault_while_it_answers(status: str) -> None:
    assert not isinstance(decided(facts(**rds(status))), HandOver)
