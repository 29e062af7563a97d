"""RDS, ElastiCache, SSM, auto scaling and the Redis probe, as they answer."""

import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.response import StreamingBody

from runbook.checks import autoscaling, elasticache, rds, redis, ssm
from runbook.checks.autoscaling import Scaling
from runbook.model import Unknown

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_describes_one_database(stubbed: Any) -> None:
    client, stub = stubbed("rds")
    answer = {
        "DBInstanceIdentifier": "db",
        "DBInstanceStatus": "storage-full",
        "MultiAZ": True,
        "DBInstanceClass": "db.t4g.medium",
        "AllocatedStorage": 100,
    }
    stub.add_response(
        "describe_db_instances", {"DBInstances": [answer]}, {"DBInstanceIdentifier": "db"}
    )

    found = rds.instance(client, "db")

    assert found == rds.Instance("db", "storage-full", True, "db.t4g.medium", 100)


def test_a_database_that_is_not_there_is_unknown(stubbed: Any) -> None:
    client, stub = stubbed("rds")
    stub.add_response("describe_db_instances", {"DBInstances": []})

    assert isinstance(rds.instance(client, "db"), Unknown)


def test_rds_events_come_newest_first(stubbed: Any) -> None:
    client, stub = stubbed("rds")
    old = {"Date": NOW - HOUR, "EventCategories": ["failover"], "Message": "started"}
    new = {"Date": NOW, "EventCategories": ["failover"], "Message": "completed"}
    asked = {
        "SourceIdentifier": "db",
        "SourceType": "db-instance",
        "StartTime": NOW - HOUR,
        "EndTime": NOW,
        "MaxRecords": 100,
    }
    stub.add_response("describe_events", {"Events": [old, new]}, asked)

    found = rds.events(client, "db", NOW, HOUR)

    assert [event.message for event in found] == ["completed", "started"]


@pytest.mark.parametrize(
    ("roles", "expected"),
    [
        pytest.param(["replica", "primary"], "node-1", id="one primary"),
        pytest.param(["replica", "replica"], "", id="none shown"),
        pytest.param(["primary", "primary"], "", id="two shown"),
    ],
)
def test_knows_redis_primary(stubbed: Any, roles: list[str], expected: str) -> None:
    client, stub = stubbed("elasticache")
    members = [
        {"CacheClusterId": f"node-{index}", "CurrentRole": role} for index, role in enumerate(roles)
    ]
    group = {
        "ReplicationGroupId": "redis",
        "Status": "available",
        "NodeGroups": [{"NodeGroupMembers": members}],
    }
    stub.add_response(
        "describe_replication_groups",
        {"ReplicationGroups": [group]},
        {"ReplicationGroupId": "redis"},
    )

    found = elasticache.group(client, "redis")

    assert found == elasticache.Group("redis", "available", expected, ("node-0", "node-1"))


def test_reads_a_parameter_with_its_version(stubbed: Any) -> None:
    client, stub = stubbed("ssm")
    stub.add_response(
        "get_parameter", {"Parameter": {"Value": "anthropic", "Version": 4}}, {"Name": "/p"}
    )

    assert ssm.parameter(client, "/p") == ssm.Parameter("anthropic", 4)


RESOURCE = "service/saas-prod/saas-worker"


def scaling(stubbed: Any, least: int | None, policies: list[str], suspended: bool) -> Any:
    client, stub = stubbed("application-autoscaling")
    target = {
        "ServiceNamespace": "ecs",
        "ResourceId": RESOURCE,
        "ScalableDimension": autoscaling.DIMENSION,
        "MinCapacity": least or 0,
        "MaxCapacity": 10,
        "RoleARN": "arn:aws:iam::111122223333:role/scaler",
        "CreationTime": NOW,
        "SuspendedState": {"DynamicScalingOutSuspended": suspended},
    }
    stub.add_response(
        "describe_scalable_targets", {"ScalableTargets": [] if least is None else [target]}
    )
    if least is not None:
        policy = {
            "PolicyARN": "arn:aws:autoscaling:p",
            "ServiceNamespace": "ecs",
            "ResourceId": RESOURCE,
            "ScalableDimension": autoscaling.DIMENSION,
            "PolicyType": "TargetTrackingScaling",
            "CreationTime": NOW,
        }
        stub.add_response(
            "describe_scaling_policies",
            {"ScalingPolicies": [{**policy, "PolicyName": name} for name in policies]},
        )
    return autoscaling.scaling(client, "saas-prod", "saas-worker")


@pytest.mark.parametrize(
    ("least", "policies", "suspended", "expected"),
    [
        pytest.param(None, [], False, Scaling(0, ()), id="not registered"),
        pytest.param(2, ["cpu"], False, Scaling(2, ("cpu",)), id="scales out"),
        pytest.param(2, ["cpu"], True, Scaling(2, ()), id="scaling out is suspended"),
    ],
)
def test_knows_who_else_sets_the_count(
    stubbed: Any, least: int | None, policies: list[str], suspended: bool, expected: Scaling
) -> None:
    assert scaling(stubbed, least, policies, suspended) == expected


@pytest.mark.parametrize(
    ("found", "count", "fights"),
    [
        (Scaling(0, ()), 1, False),
        (Scaling(2, ()), 2, False),
        (Scaling(2, ()), 1, True),
        (Scaling(0, ("cpu",)), 5, True),
    ],
    ids=["nobody", "at its least", "below its least", "a policy"],
)
def test_auto_scaling_fights_what_it_would_take_back(
    found: Scaling, count: int, fights: bool
) -> None:
    assert bool(found.fights(count)) is fights


def read(stubbed: Any, body: bytes, **more: str) -> Any:
    client, stub = stubbed("lambda")
    payload = StreamingBody(io.BytesIO(body), len(body))
    stub.add_response("invoke", {"StatusCode": 200, "Payload": payload, **more})
    return redis.read(client, "nightshift-prod-redis-probe")


def test_reads_the_probes_answer(stubbed: Any) -> None:
    body = {"up": True, "run_id": "ab", "depth": 3, "unacked": 0, "quota_keys": 9, "error": ""}

    found = read(stubbed, json.dumps(body).encode())

    assert found == redis.Reading(up=True, run_id="ab", depth=3, quota_keys=9, error="")


def test_asks_the_probe_for_a_task(stubbed: Any) -> None:
    body = {"up": True, "run_id": "ab", "depth": 3, "error": "", "task": "SUCCESS"}
    client, stub = stubbed("lambda")
    text = json.dumps(body).encode()
    stub.add_response(
        "invoke",
        {"StatusCode": 200, "Payload": StreamingBody(io.BytesIO(text), len(text))},
        {
            "FunctionName": "probe",
            "Payload": b'{"reason": "a scenario asks", "task": "t-1"}',
        },
    )

    found = redis.read(client, "probe", "t-1")

    assert isinstance(found, redis.Reading)
    assert found.task == "SUCCESS"


def test_a_redis_that_answers_with_an_error_is_unknown(stubbed: Any) -> None:
    body = {"up": None, "run_id": "", "depth": None, "quota_keys": None, "error": "NOAUTH"}

    found = read(stubbed, json.dumps(body).encode())

    assert found == Unknown("Redis cannot be read: NOAUTH")


@pytest.mark.parametrize(
    ("body", "more"),
    [(b"null", {}), (b"{}", {}), (b"oops", {}), (b"{}", {"FunctionError": "Unhandled"})],
    ids=["nothing", "another shape", "no JSON", "it failed"],
)
def test_a_probe_that_does_not_answer_is_unknown(
    stubbed: Any, body: bytes, more: dict[str, str]
) -> None:
    assert isinstance(read(stubbed, body, **more), Unknown)
