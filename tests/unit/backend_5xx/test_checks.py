"""What backend_5xx asks the world, and the lines that a person reads of it."""

from datetime import timedelta
from typing import Any

import pytest

from backend_5xx import checks
from backend_5xx.checks import Known
from backend_facts import (
    COMMANDS,
    LIMITS,
    NOW,
    UNKNOWN,
    ago,
    closer,
    definition,
    errors,
    event,
    facts,
    incident,
    out_of_memory,
    series,
    service,
)
from infra import environment
from infra.chapters import backend_5xx
from runbook.aws import one_by_one
from runbook.clock import to_text
from runbook.errors import TableError
from runbook.explains import Cause
from runbook.model import Apply, Decision, Escalate, HandOver, Resolve, Status, Unknown, Wait
from runbook.settings import build

SETTINGS = build(
    checks.Settings, backend_5xx.spec(environment.load("prod")).settings, "backend_5xx"
)


class NoAws:
    """Hands out clients that nobody may call."""

    side_by_side = staticmethod(one_by_one)

    def reader(self, name: str) -> str:
        return name


AWS: Any = NoAws()


def test_asks_all_of_it_side_by_side() -> None:
    assert set(checks.reads(AWS, SETTINGS, NOW)) == {
        "alarms", "metrics", "service", "stopped", "history", "health", "instance", "events", "known",
    }  # fmt: skip


def test_a_look_asks_no_more_at_once_than_it_has_threads() -> None:
    from runbook.aws import MOST_AT_ONCE  # noqa: PLC0415  # only this test compares the two

    with_the_claim = len(checks.reads(AWS, SETTINGS, NOW)) + 1

    assert with_the_claim <= MOST_AT_ONCE


def test_measures_the_load_balancer_the_tasks_and_the_database_by_exact_name() -> None:
    series = checks.series(SETTINGS)

    balancer = {"LoadBalancer": "app/saas-prod/50dc6c495c0c9188"}
    assert series["requests"].dimensions == balancer
    assert series["healthy"].dimensions == {
        **balancer,
        "TargetGroup": "targetgroup/saas-backend/6d0ecf831eec9f09",
    }
    assert series["memory"].dimensions == {
        "ClusterName": "saas-prod",
        "ServiceName": "saas-backend",
    }
    assert series["connections"].dimensions == {"DBInstanceIdentifier": "saas-prod-db"}
    assert series["healthy"].stat == "Minimum"


def answers(**changes: Any) -> dict[str, Any]:
    usual = {
        "alarms": {}, "stopped": (), "history": UNKNOWN, "health": UNKNOWN, "instance": UNKNOWN,
        "events": (), "known": Known((), None), "service": (service(), definition()),
        "metrics": dict.fromkeys(
            ("requests", "target_5xx", "elb_5xx", "healthy", "answered", "memory", "connections"), ()
        ),
    }  # fmt: skip
    return {**usual, **changes}


def test_makes_facts_of_the_answers() -> None:
    found = checks.facts(NOW, answers())

    assert (found.at, found.service, found.definition) == (NOW, service(), definition())
    assert found.requests == ()
    assert found.closer is None


def test_one_unknown_answer_makes_all_that_it_would_have_told_unknown() -> None:
    found = checks.facts(NOW, answers(metrics=UNKNOWN, service=UNKNOWN))

    assert {found.requests, found.elb_5xx, found.connections} == {UNKNOWN}
    assert (found.service, found.definition) == (UNKNOWN, UNKNOWN)


def test_a_task_definition_that_cannot_be_read_leaves_the_service_known(stubbed: Any) -> None:
    ecs, stub = stubbed("ecs")
    primary = {
        "id": "ecs-svc/8", "status": "PRIMARY", "taskDefinition": "backend:8",
        "rolloutState": "COMPLETED", "createdAt": NOW, "updatedAt": NOW,
    }  # fmt: skip
    described = {
        "status": "ACTIVE", "runningCount": 2, "desiredCount": 2, "pendingCount": 0,
        "deployments": [primary],
    }  # fmt: skip
    stub.add_response("describe_services", {"services": [described]})
    stub.add_client_error("describe_task_definition", "ClientException")

    found = checks._running(ecs, "saas-prod", "saas-backend")

    assert isinstance(found, tuple)
    assert found[0].primary.task_definition == "backend:8"
    assert found[1] == Unknown(
        "its task definition: AWS answered ClientException to DescribeTaskDefinition"
    )


class Table:
    """Our own table with some items, or none to be had."""

    def __init__(self, items: dict[str, Any] | None) -> None:
        self._items = items
        self.asked: list[str] = []

    def get_many(self, keys: list[tuple[str, str]]) -> dict[str, Any]:
        self.asked = [key for key, _ in keys]
        if self._items is None:
            raise TableError("the table did not answer")
        return self._items


def known(items: dict[str, Any] | None) -> Known | Unknown:
    table: Any = Table(items)
    return checks.known(table, SETTINGS)


COOLDOWN = "cooldown#ecs:saas-prod/saas-backend#raise_memory"


def test_asks_our_own_table_for_what_may_explain_it_and_for_the_last_raise() -> None:
    table: Any = Table({})

    checks.known(table, SETTINGS)

    assert table.asked == [
        "incident#db_connections#saas-prod-db",
        "incident#db_unavailable#saas-prod-db",
        "incident#redis_unavailable#saas-prod-redis",
        COOLDOWN,
    ]


def test_knows_which_other_incident_is_open_and_when_memory_was_raised() -> None:
    row = {
        "open": "open", "status": "open", "incident_id": "db-1", "opened_at": to_text(ago(7)),
    }  # fmt: skip
    items = {
        "incident#db_unavailable#saas-prod-db": row,
        "incident#redis_unavailable#saas-prod-redis": {"status": "resolved"},
        COOLDOWN: {"applied_at": to_text(ago(90))},
    }

    assert known(items) == Known((Cause("db_unavailable", "db-1", ago(7)),), ago(90))


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        pytest.param({}, Known((), None), id="nothing"),
        pytest.param(None, Unknown("our own table: the table did not answer"), id="no-answer"),
    ],
)
def test_knows_nothing_where_there_is_nothing(
    items: dict[str, Any] | None, expected: object
) -> None:
    assert known(items) == expected


CLOSER = {"lines", "worker_lines", "worker", "worker_stopped"}
FIRST = incident(opened=0)
LATER = incident(opened=5)
AGAIN = incident(opened=50, reopened_at=(NOW,))


@pytest.mark.parametrize(
    ("about", "decision", "expected"),
    [
        pytest.param(LATER, Wait("ECS starts it"), set(), id="a-wait"),
        pytest.param(FIRST, Wait("ECS starts it"), CLOSER, id="the-first-look"),
        pytest.param(AGAIN, Wait("ECS starts it"), CLOSER, id="the-first-look-again"),
        pytest.param(LATER, Escalate("5xx go on"), CLOSER, id="before-a-page"),
        pytest.param(LATER, Apply("rollback", "it is bad"), CLOSER, id="before-a-fix"),
        pytest.param(
            LATER, HandOver("db_unavailable", "db", "it is down"), CLOSER, id="before-a-hand-over"
        ),
        pytest.param(LATER, Resolve("it is over"), set(), id="the-end"),
        pytest.param(
            LATER, Apply("restore_memory", "no help", undoes="i"), set(), id="before-an-undo"
        ),
    ],
)
def test_looks_closer_on_the_first_look_and_before_something_happens(
    about: Any, decision: Decision, expected: set[str]
) -> None:
    assert set(checks.closer_reads(AWS, SETTINGS, facts(), about, decision)) == expected


def test_reads_no_log_again_and_again_while_a_person_has_it() -> None:
    about = incident(status=Status.ESCALATED, opened=50)

    assert checks.closer_reads(AWS, SETTINGS, facts(), about, Wait("a person has it")) == {}


def test_what_was_read_since_is_put_to_the_facts() -> None:
    found = checks.with_closer(facts(closer=None), vars(closer()))

    assert found == facts()


def test_says_each_fact_in_one_line() -> None:
    seen = facts(
        stopped=out_of_memory(1, 4),
        events=(event(5, "failover"),),
        known=Known((Cause("db_unavailable", "db-1", ago(7)),), None),
        closer=closer(lines=errors(40, 3)),
    ).seen()

    assert seen["stopped"] == (
        "2 tasks within the last hour, 2 crashed, 2 of those out of memory; "
        "last: Essential container in task exited"
    )
    assert seen["database"] == (
        "available; last event: 02:55 UTC Multi-AZ instance failover started"
    )
    assert seen["other trouble"] == "db_unavailable since 02:53 UTC"
    assert seen["error lines"] == "40 since 02:30 UTC, 3 about the database"
    assert seen["  line 1"] == "40 x ERROR it failed"
    assert seen["deployments"].startswith("saas-backend:8 SUCCESSFUL 22 Nov 02:00")
    assert seen["health"] == "HTTP 200, db ok, redis ok"


def test_minutes_in_which_nobody_asked_or_failed_are_shown_as_such() -> None:
    seen = facts(
        requests=series(30, 30, newest=4), target_5xx=series(9, newest=40), healthy=series(*[2] * 5)
    ).seen()

    assert seen["requests"] == "30 30 0 0 0 a minute, last 5 min"
    assert seen["target 5xx"] == "0 0 0 0 0 a minute"


def test_says_of_what_it_could_not_read_that_it_is_unknown() -> None:
    unread = dict.fromkeys(
        ("requests", "service", "stopped", "history", "health", "instance", "events", "known"),
        UNKNOWN,
    )
    seen = facts(**unread, closer=closer(lines=UNKNOWN, worker=UNKNOWN)).seen()

    told = {name for name, line in seen.items() if "unknown: not read" in line}
    assert told == {
        "requests", "service", "stopped", "deployments", "health", "database", "other trouble",
        "error lines", "worker",
    }  # fmt: skip


def test_says_nothing_of_logs_that_it_has_not_read() -> None:
    assert "error lines" not in facts(closer=None).seen()


def test_the_window_holds_a_change_its_settling_and_its_verdict() -> None:
    assert timedelta(minutes=15 + 5 + LIMITS.good_minutes) <= checks.WINDOW
    assert COMMANDS.service == SETTINGS.service
