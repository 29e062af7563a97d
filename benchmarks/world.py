"""What AWS, and the web that a look asks, answer in one night, as it goes over the wire.

Nothing is kept between calls: each look finds the same night and decides the same, so runs can be compared.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks import documents
from benchmarks.containers import DIGEST, Containers
from benchmarks.lines import Lines
from benchmarks.nights import WELL, Night
from infra import settings
from infra.environment import Environment

Body = dict[str, Any]
Answer = Body | str

MOST_NAMES = 10
"""GetParameters takes so many."""
HEALTH, STATUS_PAGE, RECONCILE = "health endpoint", "status page", "reconcile endpoint"
"""The calls that go to no service of AWS."""


class StrangeCallError(Exception):
    """A call that this night has no answer for: what is measured is not what was meant."""


@dataclass(frozen=True)
class World:
    """One night, and how large it is.

    Attributes:
        environment: the names.
        night: what is wrong.
        running: tasks of each service that run.
        stopped: tasks of each service that stopped within the last hour.
        lines: of each log group, in half an hour.
        held: whether another look holds the incident, so that a trigger only joins it.
    """

    environment: Environment
    night: Night
    running: int = 2
    stopped: int = 0
    lines: int = 0
    held: bool = False

    def answer(self, operation: str, params: Mapping[str, Any]) -> tuple[int, Answer]:
        """Return the status and the body that AWS gives.

        Raises:
            StrangeCallError: nothing here answers that operation, or AWS would refuse it.
        """
        now = datetime.now(UTC)
        if self.held and "SET version" in params.get("UpdateExpression", ""):
            return 400, {
                "__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException",
                "message": "The conditional request failed",
                "Item": self._incident(params, now),
            }
        answers = {**self._own(params, now), **self._theirs(params, now), **self._web()}
        if operation not in answers:
            raise StrangeCallError(f"{operation} was called; benchmarks/world.py has no answer")
        try:
            return 200, answers[operation]()
        except (LookupError, ValueError) as error:
            raise StrangeCallError(f"{operation}: {type(error).__name__} {error}") from error

    def _own(self, params: Mapping[str, Any], now: datetime) -> dict[str, Callable[[], Answer]]:
        """Return what answers for Nightshift's own table, switches and topics."""
        none_found: Body = {"Responses": {self.environment.prefix: []}, "UnprocessedKeys": {}}
        return {
            "BatchGetItem": lambda: none_found,
            "DeleteItem": dict,
            "GetParameters": lambda: self._parameters(params),
            "Publish": documents.published,
            "Query": lambda: {"Items": [], "Count": 0},
            "TransactWriteItems": dict,
            "UpdateItem": lambda: {"Attributes": self._incident(params, now)},
        }

    def _theirs(self, params: Mapping[str, Any], now: datetime) -> dict[str, Callable[[], Answer]]:
        """Return what answers for the services that are looked at, or changed."""
        ecs = Containers(self.environment, self.night, self.running, self.stopped)
        return {
            "DescribeAlarms": lambda: self._alarms(params, now),
            "DescribeDBInstances": lambda: documents.instance(params, self.night),
            "DescribeEvents": documents.events,
            "DescribeImages": lambda: {"imageDetails": [{"imageDigest": DIGEST}]},
            "DescribeReplicationGroups": lambda: documents.group(params),
            "DescribeScalableTargets": lambda: {"ScalableTargets": [_target(params)]},
            "DescribeScalingPolicies": lambda: {"ScalingPolicies": []},
            "DescribeServiceRevisions": lambda: ecs.revisions(params["serviceRevisionArns"]),
            "DescribeServices": lambda: ecs.services(params["services"], now),
            "DescribeTaskDefinition": lambda: ecs.definition(params["taskDefinition"]),
            "DescribeTasks": lambda: ecs.tasks(params["tasks"], now),
            "FilterLogEvents": lambda: Lines(self.lines, self.night.silence).page(params, now),
            "GetMetricData": lambda: self._series(params, now),
            "GetMetricStatistics": lambda: {"Label": "m", "Datapoints": []},
            "GetParameter": lambda: {"Parameter": _provider(params["Name"])},
            "GetSecretValue": lambda: {"Name": params["SecretId"], "SecretString": "token"},
            "Invoke": lambda: {"up": True, "run_id": "b", "depth": 5, "quota_keys": 0, "error": ""},
            "ListServiceDeployments": lambda: ecs.history(params["service"], now),
            "ListTasks": lambda: ecs.page(params),
            "UpdateService": lambda: {"service": ecs.service(params["service"], now)},
        }

    def _web(self) -> dict[str, Callable[[], Answer]]:
        return {
            HEALTH: lambda: {"status": "ok", "db": "ok", "redis": "ok"},
            RECONCILE: lambda: {"task_id": "1"},
            STATUS_PAGE: lambda: {"status": {"indicator": "major"}, "incidents": []},
        }

    def _incident(self, params: Mapping[str, Any], now: datetime) -> Body:
        """Return a new incident as its claim leaves it."""
        later = _text(now + timedelta(seconds=90))
        _, scenario, target = params["Key"]["pk"]["S"].split("#")
        text = {
            "pk": params["Key"]["pk"]["S"],
            "sk": "current",
            "claim_until": later,
            "next_look_at": later,
            "open": "open",
            "scenario": scenario,
            "target": target,
            "pending_since": _text(now),
        }
        numbers = {name: {"N": "1"} for name in ("schema", "version", "triggers")}
        return {**{name: {"S": value} for name, value in text.items()}, **numbers}

    def _alarms(self, params: Mapping[str, Any], now: datetime) -> Body:
        names = params.get("AlarmNames", [f"{self.environment.prefix}/{self.night.folder}/alarm"])
        since = {"StateUpdatedTimestamp": now.timestamp()}
        found = [{"AlarmName": name, "StateValue": "ALARM", **since} for name in names]
        return {"MetricAlarms": found, "CompositeAlarms": []}

    def _series(self, params: Mapping[str, Any], now: datetime) -> Body:
        newest = now.replace(second=0, microsecond=0)
        minutes = int(params["EndTime"] - params["StartTime"]) // 60
        ages = range(minutes - 1, -1, -1)
        times = [(newest - timedelta(minutes=age)).timestamp() for age in ages]
        known = {**WELL, **self.night.series}
        found = [
            {
                "Id": query["Id"],
                "Label": query["Id"],
                "Timestamps": times,
                "Values": [known[query["MetricStat"]["Metric"]["MetricName"]](age) for age in ages],
                "StatusCode": "Complete",
            }
            for query in params["MetricDataQueries"]
        ]
        return {"MetricDataResults": found}

    def _parameters(self, params: Mapping[str, Any]) -> Body:
        modes = dict.fromkeys(settings.mode_parameters(self.environment).values(), "act")
        live = {settings.switch_parameter(self.environment): "on", **modes}
        if len(params["Names"]) > MOST_NAMES:
            raise ValueError(f"{MOST_NAMES} names can be asked for, not {len(params['Names'])}")
        found = [{"Name": name, "Type": "String", "Value": live[name]} for name in params["Names"]]
        return {"Parameters": found, "InvalidParameters": []}


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _target(params: Mapping[str, Any]) -> Body:
    return {"ResourceId": params["ResourceIds"][0], "MinCapacity": 1, "MaxCapacity": 2000}


def _provider(name: str) -> Body:
    return {"Name": name, "Type": "String", "Value": "anthropic", "Version": 3}
