"""The AWS that a report reads: every operation answers what a test tells it, whatever the order.

The answers come where botocore would send the request, so the check of parameters is botocore's own. The
table is moto's: an operation that has no answer here goes on to it.
"""

import copy
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cache
from types import SimpleNamespace
from typing import Any

import boto3
from moto import mock_aws

from around import NOW, ago
from building import ENVIRONMENT, build_aws
from infra import settings as infra_settings
from runbook.aws import Aws, one_by_one
from runbook.outbox import Outbox
from runbook.settings import build
from runbook.sources import Settings
from runbook.table import Table, from_aws
from web import serve

REGION = "me-south-1"
TOLD = infra_settings.report(ENVIRONMENT)
Answer = Mapping[str, Any] | str | Exception | Callable[[Mapping[str, Any]], Any]
"""An answer, an error's code, an error without an answer, or what makes one of the parameters."""


def service(name: str) -> dict[str, Any]:
    """Return a service that is well."""
    deployment = {
        "id": "ecs-svc/1",
        "status": "PRIMARY",
        "taskDefinition": f"arn:aws:ecs:me-south-1:111122223333:task-definition/{name}:41",
        "rolloutState": "COMPLETED",
        "createdAt": ago(300),
        "updatedAt": ago(290),
    }
    counts = {"runningCount": 2, "desiredCount": 2, "pendingCount": 0}
    return {"serviceName": name, "status": "ACTIVE", "deployments": [deployment], **counts}


def measured(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return three datapoints of every series: 1, 2 and 6."""
    points = {"Timestamps": [ago(3), ago(2), ago(1)], "Values": [1.0, 2.0, 6.0]}
    asked = params["MetricDataQueries"]
    return {
        "MetricDataResults": [
            {"Id": one["Id"], "StatusCode": "Complete", **points} for one in asked
        ]
    }


def logged(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return one line of two minutes ago to who asks for that time, an error to who filters."""
    at = int(ago(1).timestamp() * 1000)
    inside = params["startTime"] <= at <= params["endTime"]
    message = (
        '{"level": "ERROR", "message": "no stock of 17"}' if "filterPattern" in params else "GET /"
    )
    return {"events": [{"timestamp": at, "message": message}] if inside else []}


WELL: dict[str, Answer] = {
    "DescribeServices": lambda params: {"services": [service(params["services"][0])]},
    "ListTasks": {"taskArns": []},
    "FilterLogEvents": logged,
    "DescribeDBInstances": {
        "DBInstances": [
            {
                "DBInstanceIdentifier": "saas-prod-db",
                "DBInstanceStatus": "available",
                "MultiAZ": True,
                "DBInstanceClass": "db.t4g.medium",
            }
        ]
    },
    "DescribeReplicationGroups": {
        "ReplicationGroups": [
            {
                "ReplicationGroupId": "saas-prod-redis",
                "Status": "available",
                "NodeGroups": [
                    {
                        "NodeGroupMembers": [
                            {"CacheClusterId": "saas-prod-redis-001", "CurrentRole": "primary"},
                            {"CacheClusterId": "saas-prod-redis-002", "CurrentRole": "replica"},
                        ]
                    }
                ],
            }
        ]
    },
    "DescribeEvents": {"Events": []},
    "DescribeAlarms": {"MetricAlarms": [], "CompositeAlarms": []},
    "GetMetricData": measured,
    "GetParameters": lambda params: {
        "Parameters": [
            {"Name": name, "Value": "on" if name.endswith("/switch") else "propose"}
            for name in params["Names"]
        ]
    },
    "Publish": {"MessageId": "m"},
    "SendMessage": {"MessageId": "m", "MD5OfMessageBody": "0"},
}
"""What each operation answers on a quiet night."""


class _Line:
    """What all clients are on; at its other end is the world of the test that runs."""

    world: "World | None" = None

    def session(self) -> boto3.session.Session:
        """Return a session whose calls come here."""
        made = _session()
        made.events.register("before-parameter-build", self._hear)
        made.events.register("before-call", self._answer)
        return made

    def _hear(self, **told: Any) -> None:
        assert self.world is not None
        self.world.hear(**told)

    def _answer(self, **told: Any) -> tuple[Any, dict[str, Any]] | None:
        assert self.world is not None
        return self.world.answer(**told)


def _session() -> boto3.session.Session:
    return boto3.session.Session(
        aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION
    )


LINE = _Line()
SESSION = LINE.session()
CLIENTS = Aws(REGION, SESSION, one_by_one)
"""Made once: they keep nothing between calls."""
ADMIN = cache(_session().client)
"""Clients whose calls are nobody's."""


class World:
    """AWS as a report sees it, with a stepped clock.

    Attributes:
        answers: by operation; a test changes what it is about.
        asked: operation and parameters of each call that was made.
        settings: as the stack of ``environments/prod.toml`` writes them, with this machine's endpoint.
        web: the health endpoint.
        time: what the clock says.
    """

    def __init__(self, web: Any) -> None:
        self.answers = copy.copy(WELL)
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.web = web
        self.time = NOW
        self._local = threading.local()
        self.aws = CLIENTS
        self.told = {**copy.deepcopy(TOLD), "health_url": f"{web.url}/health"}
        self.settings = build(Settings, self.told, "report")
        self.outbox = Outbox(
            Table(self.aws.reader("dynamodb"), self.settings.table),
            self.aws.reader("sns"),
            {"page": self.settings.pages_topic, "update": self.settings.updates_topic},
        )

    def now(self) -> datetime:
        """Return the stepped time."""
        return self.time

    def step(self, minutes: float) -> None:
        """Let time pass."""
        self.time += timedelta(minutes=minutes)

    def calls(self, operation: str) -> list[dict[str, Any]]:
        """Return the parameters of every call of one operation."""
        return [params for name, params in self.asked if name == operation]

    def items(self, pk: str) -> list[dict[str, Any]]:
        """Return what the table has in one partition."""
        found = ADMIN("dynamodb").scan(TableName=self.settings.table)
        return [item for item in map(from_aws, found["Items"]) if item["pk"] == pk]

    def published(self, topic: str) -> list[dict[str, Any]]:
        """Return what was sent to ``pages`` or ``updates``."""
        return [one for one in self.calls("Publish") if one["TopicArn"].endswith(f"-{topic}")]

    def hear(self, params: Mapping[str, Any], model: Any, **_: Any) -> None:
        self._local.params = dict(params)
        self.asked.append((model.name, dict(params)))

    def answer(self, model: Any, **_: Any) -> tuple[Any, dict[str, Any]] | None:
        answer = self.answers.get(model.name)
        if callable(answer):
            answer = answer(self._local.params)
        if answer is None:
            return None
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, str):
            metadata = {"HTTPStatusCode": 400}
            error = {"Error": {"Code": answer, "Message": ""}, "ResponseMetadata": metadata}
            return SimpleNamespace(status_code=400), error
        return SimpleNamespace(status_code=200), copy.deepcopy(dict(answer))


@contextmanager
def open_world() -> Iterator[World]:
    """Make the table, and a health endpoint that says that all is well."""
    with mock_aws(), serve() as web:
        web.body = b'{"status": "ok", "db": "ok", "redis": "ok"}'
        build_aws(ADMIN)
        LINE.world = World(web)
        yield LINE.world
