"""What AWS answers on the night of a frozen worker, as it goes over the wire.

Nothing is kept between calls: each look finds the same night and decides the same, so runs can be compared.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

Body = dict[str, Any]

MINUTES = 30
"""Datapoints of each metric: as many as a look asks for."""
DIGEST = "sha256:" + "a" * 64
PUBLISHED = """<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult>
<MessageId>00000000-0000-0000-0000-000000000000</MessageId></PublishResult>
<ResponseMetadata><RequestId>0</RequestId></ResponseMetadata></PublishResponse>"""


class StrangeCallError(Exception):
    """A call that this night has no answer for: what is measured is not what was meant."""


@dataclass(frozen=True)
class World:
    """One night.

    Attributes:
        settings: what the function is told, for the names in the answers.
        stopped: how many of the worker's tasks stopped within the last hour.
        held: whether another look holds the incident, so that a trigger only joins it.
    """

    settings: Mapping[str, Any]
    stopped: int = 0
    held: bool = False

    def answer(self, operation: str, params: Mapping[str, Any]) -> tuple[int, Body | str]:
        """Return the status and the body that AWS gives.

        Raises:
            StrangeCallError: nothing here answers that operation.
        """
        now = datetime.now(UTC)
        if self.held and "SET version" in params.get("UpdateExpression", ""):
            return 400, {
                "__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException",
                "message": "The conditional request failed",
                "Item": self._incident(now),
            }
        answers: dict[str, Callable[[], Body | str]] = {
            "BatchGetItem": lambda: {
                "Responses": {self.settings["table"]: []},
                "UnprocessedKeys": {},
            },
            "DeleteItem": dict,
            "DescribeAlarms": self._alarms,
            "DescribeImages": lambda: {"imageDetails": [{"imageDigest": DIGEST}]},
            "DescribeServices": lambda: {"services": [self._service(now)], "failures": []},
            "DescribeTaskDefinition": self._definition,
            "DescribeTasks": lambda: self._tasks(params["tasks"], now),
            "FilterLogEvents": lambda: {"events": []},
            "GetMetricData": lambda: self._series(params, now),
            "GetMetricStatistics": lambda: {"Label": "m", "Datapoints": []},
            "GetParameters": self._parameters,
            "ListTasks": lambda: self._list(params),
            "Publish": lambda: PUBLISHED,
            "TransactWriteItems": dict,
            "UpdateItem": lambda: {"Attributes": self._incident(now)},
            "UpdateService": lambda: {"service": self._service(now)},
        }
        if operation not in answers:
            raise StrangeCallError(
                f"{operation} was called; it has no answer in benchmarks/world.py"
            )
        return 200, answers[operation]()

    def _arn(self, service: str, rest: str) -> str:
        return f"arn:aws:{service}:{self.settings['region']}:{self.settings['account']}:{rest}"

    def _incident(self, now: datetime) -> Body:
        """Return a new incident as its claim leaves it."""
        later = (now + timedelta(seconds=90)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        text = {
            "pk": f"incident#worker_stuck#{self.settings['service']}",
            "sk": "current",
            "claim_until": later,
            "next_look_at": later,
            "open": "open",
            "scenario": "worker_stuck",
            "target": self.settings["service"],
            "pending_since": now.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        }
        numbers = {name: {"N": "1"} for name in ("schema", "version", "triggers")}
        return {**{name: {"S": value} for name, value in text.items()}, **numbers}

    def _alarms(self) -> Body:
        found = [{"AlarmName": name, "StateValue": "ALARM"} for name in self.settings["alarms"]]
        return {"MetricAlarms": found, "CompositeAlarms": []}

    def _service(self, now: datetime) -> Body:
        deployed = (now - timedelta(days=3)).timestamp()
        return {
            "serviceName": self.settings["service"],
            "status": "ACTIVE",
            "desiredCount": 2,
            "runningCount": 2,
            "pendingCount": 0,
            "deploymentController": {"type": "ECS"},
            "deploymentConfiguration": {"strategy": "ROLLING"},
            "deployments": [
                {
                    "id": "ecs-svc/1",
                    "status": "PRIMARY",
                    "taskDefinition": self._revision(),
                    "rolloutState": "COMPLETED",
                    "createdAt": deployed,
                    "updatedAt": deployed,
                    "failedTasks": 0,
                }
            ],
            "events": [],
        }

    def _revision(self) -> str:
        return self._arn("ecs", f"task-definition/{self.settings['task_family']}:7")

    def _definition(self) -> Body:
        registry = f"{self.settings['account']}.dkr.ecr.{self.settings['region']}.amazonaws.com"
        image = f"{registry}/{self.settings['repository']}:stable"
        container = {"name": self.settings["container"], "image": image}
        return {
            "taskDefinition": {
                "taskDefinitionArn": self._revision(),
                "containerDefinitions": [container],
            }
        }

    def _list(self, params: Mapping[str, Any]) -> Body:
        status = params.get("desiredStatus", "RUNNING")
        count = self.stopped if status == "STOPPED" else 2
        cluster = self.settings["cluster"]
        arns = [self._arn("ecs", f"task/{cluster}/{status}-{one}") for one in range(count)]
        return {"taskArns": arns}

    def _tasks(self, arns: list[str], now: datetime) -> Body:
        return {"tasks": [self._task(arn, now) for arn in arns], "failures": []}

    def _task(self, arn: str, now: datetime) -> Body:
        task = {
            "taskArn": arn,
            "startedBy": "ecs-svc/1",
            "lastStatus": "RUNNING",
            "containers": [{"name": self.settings["container"], "imageDigest": DIGEST}],
        }
        if "STOPPED" not in arn:
            return task
        return {
            **task,
            "lastStatus": "STOPPED",
            "stopCode": "ServiceSchedulerInitiated",
            "stoppedReason": "Scaling activity initiated by a deployment",
            "stoppedAt": (now - timedelta(minutes=50)).timestamp(),
        }

    def _series(self, params: Mapping[str, Any], now: datetime) -> Body:
        """Return a queue that grows behind a worker that does nothing, and a Redis that is well."""
        values = {
            "depth": [40.0 * minute for minute in range(1, MINUTES + 1)],
            "unacked": [8.0] * MINUTES,
            "redis_up": [1.0] * MINUTES,
            "redis_run": [4242.0] * MINUTES,
            "cpu": [0.1] * MINUTES,
        }
        newest = now.replace(second=0, microsecond=0)
        times = [
            (newest - timedelta(minutes=age)).timestamp() for age in range(MINUTES - 1, -1, -1)
        ]
        return {
            "MetricDataResults": [
                {
                    "Id": query["Id"],
                    "Label": query["Id"],
                    "Timestamps": times,
                    "Values": values[query["Id"]],
                    "StatusCode": "Complete",
                }
                for query in params["MetricDataQueries"]
            ]
        }

    def _parameters(self) -> Body:
        modes = dict.fromkeys(self.settings["mode_parameters"].values(), "act")
        live = {self.settings["switch_parameter"]: "on", **modes}
        found = [{"Name": name, "Type": "String", "Value": value} for name, value in live.items()]
        return {"Parameters": found, "InvalidParameters": []}
