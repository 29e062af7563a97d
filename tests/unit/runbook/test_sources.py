"""What each source of a report says when there is something to say."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from around import NOW, ago
from report_world import ADMIN, World, open_world
from runbook import incidents, ledger, report
from runbook.clock import to_text
from runbook.sources import listed
from runbook.table import to_aws


@pytest.fixture
def world() -> Iterator[World]:
    with open_world() as opened:
        yield opened


def section(world: World, name: str) -> tuple[str, ...]:
    return report.read(world.aws, world.settings, NOW)[name]


def store(world: World, *items: Mapping[str, Any]) -> None:
    for item in items:
        ADMIN("dynamodb").put_item(
            TableName=world.settings.table, Item=to_aws({"schema": 1, **item})
        )


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        pytest.param(0, ("none",), id="none"),
        pytest.param(2, ("line 0", "line 1"), id="as many as are listed"),
        pytest.param(5, ("line 0", "line 1", "and 3 more"), id="more are counted"),
    ],
)
def test_a_list_is_short(count: int, expected: tuple[str, ...]) -> None:
    assert listed([f"line {number}" for number in range(count)], "none", 2) == expected


def stopped(code: str, reason: str, exit_code: int | None, minutes: float) -> dict[str, Any]:
    container = {"name": "backend"} | ({} if exit_code is None else {"exitCode": exit_code})
    return {
        "taskArn": f"arn:aws:ecs:x:1:task/saas-prod/{minutes:g}",
        "stopCode": code,
        "stoppedReason": reason,
        "stoppedAt": ago(minutes),
        "containers": [container],
    }


def test_tells_of_stopped_tasks_newest_first(world: World) -> None:
    tasks = [
        stopped("EssentialContainerExited", "Essential container in task exited", 137, 3),
        stopped("TaskFailedToStart", "CannotPullContainerError", None, 2),
        stopped("EssentialContainerExited", "long ago", 1, 40),
    ]
    world.answers["ListTasks"] = {"taskArns": ["arn:1"]}
    world.answers["DescribeTasks"] = {"tasks": tasks}

    assert section(world, "backend stopped") == (
        "02:58 TaskFailedToStart: CannotPullContainerError",
        "02:57 EssentialContainerExited exit 137: Essential container in task exited",
    )


def test_more_stopped_tasks_than_can_be_read_are_unknown(world: World) -> None:
    world.answers["ListTasks"] = {"taskArns": [], "nextToken": "more"}

    assert section(world, "worker stopped") == (
        "unknown: stopped tasks of saas-worker: more than 300",
    )


def alarm(name: str, minutes: float) -> dict[str, Any]:
    at = ago(minutes)
    return {
        "AlarmName": name,
        "StateValue": "ALARM",
        "StateUpdatedTimestamp": ago(0),
        "StateTransitionedTimestamp": at,
    }


def test_tells_of_what_rings_and_not_of_auto_scaling(world: World) -> None:
    world.answers["DescribeAlarms"] = {
        "MetricAlarms": [alarm("old", 90), alarm("TargetTracking-service/a-AlarmLow", 9)],
        "CompositeAlarms": [alarm("new", 1)],
        "NextToken": "more",
    }

    found = section(world, "alarms")

    assert found == (
        "new since 11-23 02:59",
        "old since 11-23 01:30",
        "1 of auto scaling besides: no trouble",
        "there are more than were read",
    )
    assert world.calls("DescribeAlarms")[0]["StateValue"] == "ALARM"


def test_tells_of_open_incidents_and_not_of_ended_ones(world: World) -> None:
    opened = {
        "sk": incidents.CURRENT,
        "incident_id": "worker_stuck-1",
        "opened_at": to_text(ago(10)),
        "pending_since": to_text(ago(4)),
    }
    keys = {
        name: incidents.key(name, world.settings.targets[name]) for name in world.settings.targets
    }
    store(
        world,
        {**opened, "pk": keys["worker_stuck"], "status": "escalated", "open": "open"},
        {**opened, "pk": keys["backend_5xx"], "status": "resolved"},
        {**opened, "pk": keys["db_unavailable"], "open": "open"},
    )

    assert section(world, "incidents") == (
        "db_unavailable on saas-prod-db open since 11-23 02:56, not looked at yet",
        "worker_stuck on saas-worker escalated since 11-23 02:50, worker_stuck-1",
    )


def test_tells_how_a_change_that_may_not_stay_is_taken_back(world: World) -> None:
    store(
        world,
        {
            "pk": ledger.PARTITION,
            "sk": "intent-1",
            "fix": "raise_memory",
            "resource": "ecs:saas-prod/saas-backend",
            "applied_at": to_text(ago(60)),
            "revert": "aws ecs update-service --task-definition saas-backend:41",
        },
    )

    (line,) = section(world, "changes")

    assert line == (
        "raise_memory of ecs:saas-prod/saas-backend since 2026-11-23T02:00Z; "
        "back: aws ecs update-service --task-definition saas-backend:41"
    )


def test_an_entry_of_another_version_hides_no_other_source(world: World) -> None:
    store(world, {"pk": ledger.PARTITION, "sk": "intent-1", "schema": 9})

    found = report.read(world.aws, world.settings, NOW)

    assert found["changes"][0].startswith("unknown: changes: item 'ledger' 'intent-1' has schema 9")
    assert found["incidents"] == ("none is open",)


def test_tells_which_fixes_may_do_what(world: World) -> None:
    values = {"switch": " off ", "redeploy_worker": "act", "raise_memory": "propose"}
    world.answers["GetParameters"] = lambda params: {
        "Parameters": [
            {"Name": name, "Value": values[name.rsplit("/", 1)[-1]]}
            for name in params["Names"]
            if name.rsplit("/", 1)[-1] in values
        ]
    }

    found = section(world, "switches")

    assert found[:2] == ("Nightshift is off", "act: redeploy_worker")
    assert found[2].startswith("not there: reconcile_quotas, rollback_backend")
    assert found[3] == "propose: raise_memory"


def test_a_switch_that_is_not_there_is_unknown(world: World) -> None:
    world.answers["GetParameters"] = {"Parameters": []}

    assert section(world, "switches")[0] == "Nightshift is unknown: no such parameter"


def test_no_call_asks_for_more_parameters_than_ssm_gives(world: World) -> None:
    world.settings.mode_parameters.update({f"m{number}": f"/m{number}" for number in range(15)})

    found = section(world, "switches")

    assert all(len(one["Names"]) <= 10 for one in world.calls("GetParameters"))
    assert "m14" in found[-1]


def test_redis_is_described_where_its_metrics_cannot_be_read(world: World) -> None:
    world.answers["GetMetricData"] = "AccessDenied"

    found = section(world, "redis")

    assert found == (
        "saas-prod-redis is available, primary saas-prod-redis-001",
        "memory, evictions: unknown: metrics: AWS answered AccessDenied to GetMetricData",
    )


def test_metrics_are_asked_for_in_one_call_and_those_of_redis_in_another(world: World) -> None:
    section(world, "metrics")

    asked = [
        {one["MetricStat"]["Metric"]["Namespace"] for one in call["MetricDataQueries"]}
        for call in world.calls("GetMetricData")
    ]
    assert asked == [{"AWS/ElastiCache"}, {"AWS/ECS", "AWS/RDS", "AWS/ApplicationELB"}]


def test_a_log_with_more_than_can_be_read_says_at_least(world: World) -> None:
    at = int(ago(1).timestamp() * 1000)
    event = {"timestamp": at, "message": "GET /"}
    world.answers["FilterLogEvents"] = {"events": [event] * 1000, "nextToken": "more"}

    found = report.read(world.aws, world.settings, NOW)

    assert found["worker log"][0] == "at least 3000 lines since 02:30 UTC in /prod/worker"
    assert len(world.calls("FilterLogEvents")) == 4 * 3
