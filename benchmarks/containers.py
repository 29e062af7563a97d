"""What ECS and ECR answer: services of any number of tasks, listed and described as AWS pages them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from benchmarks.nights import Night
from infra.environment import Environment

Body = dict[str, Any]

MOST_LISTED = 100
"""ListTasks' page without maxResults, and the most that DescribeTasks takes."""
MOST_REVISIONS = 20
"""The most that DescribeServiceRevisions takes."""
DIGEST = "sha256:" + "a" * 64
OLD, NEW = 7, 8
"""Revisions of each task definition; where the newest deployment is fresh, it brought the new one."""
FRESH = timedelta(hours=1)
BEFORE = timedelta(days=3)
PRIMARY = "ecs-svc/1"


@dataclass(frozen=True)
class Containers:
    """The cluster of one night.

    Attributes:
        environment: the names.
        night: what is wrong.
        running: tasks of each service that run.
        stopped: tasks of each service that stopped within the last hour.
    """

    environment: Environment
    night: Night
    running: int
    stopped: int

    def service(self, name: str, now: datetime) -> Body:
        """Return a service as DescribeServices shows it."""
        deployed = (now - self.night.deployed).timestamp()
        revision = NEW if self.night.deployed < FRESH else OLD
        primary = {
            "id": PRIMARY,
            "status": "PRIMARY",
            "taskDefinition": self._definition_arn(name, revision),
            "rolloutState": "COMPLETED",
            "createdAt": deployed,
            "updatedAt": deployed,
            "failedTasks": 0,
        }
        return {
            "serviceName": name,
            "status": "ACTIVE",
            "desiredCount": self.running,
            "runningCount": self.running,
            "pendingCount": 0,
            "deploymentController": {"type": "ECS"},
            "deploymentConfiguration": {"strategy": "ROLLING"},
            "deployments": [primary],
            "events": [],
        }

    def services(self, names: Sequence[str], now: datetime) -> Body:
        """Answer DescribeServices."""
        return {"services": [self.service(name, now) for name in names], "failures": []}

    def page(self, params: Mapping[str, Any]) -> Body:
        """Answer ListTasks."""
        status, name = params.get("desiredStatus", "RUNNING"), params["serviceName"]
        count = self.stopped if status == "STOPPED" else self.running
        start = int(params.get("nextToken", 0))
        end = min(start + MOST_LISTED, count)
        place = f"task/{self.environment.cluster.name}/{status}-{name}"
        arns = [self.environment.arn("ecs", f"{place}-{one}") for one in range(start, end)]
        return {"taskArns": arns, **({"nextToken": str(end)} if end < count else {})}

    def tasks(self, arns: Sequence[str], now: datetime) -> Body:
        """Answer DescribeTasks.

        Raises:
            ValueError: they are more than AWS takes.
        """
        if len(arns) > MOST_LISTED:
            raise ValueError(f"DescribeTasks takes {MOST_LISTED} tasks, was given {len(arns)}")
        return {"tasks": [self._task(arn, now) for arn in arns], "failures": []}

    def _task(self, arn: str, now: datetime) -> Body:
        status, _, rest = arn.rsplit("/", 1)[-1].partition("-")
        name, _, number = rest.rpartition("-")
        address = f"10.0.{int(number) // 250}.{int(number) % 250}"
        container: Body = {
            "name": self._tier(name).container,
            "imageDigest": DIGEST,
            "networkInterfaces": [{"privateIpv4Address": address}],
        }
        task = {
            "taskArn": arn,
            "taskDefinitionArn": self._definition_arn(name, OLD),
            "startedBy": PRIMARY,
            "lastStatus": status,
            "containers": [container],
        }
        return task if status == "RUNNING" else {**task, **self._end(container, now)}

    def _end(self, container: Body, now: datetime) -> Body:
        if self.night.crashed:
            return {
                "stopCode": "EssentialContainerExited",
                "stoppedReason": "Essential container in task exited",
                "stoppedAt": (now - timedelta(minutes=5)).timestamp(),
                "containers": [{**container, "exitCode": 1}],
            }
        return {
            "stopCode": "ServiceSchedulerInitiated",
            "stoppedReason": "Scaling activity initiated by a deployment",
            "stoppedAt": (now - timedelta(minutes=50)).timestamp(),
        }

    def definition(self, wanted: str) -> Body:
        """Answer DescribeTaskDefinition, for an ARN or a family."""
        name, _, number = wanted.rsplit("/", 1)[-1].partition(":")
        registry = f"{self.environment.account}.dkr.ecr.{self.environment.region}.amazonaws.com"
        tier = self._tier(name)
        image = f"{registry}/{tier.repository}:stable"
        found = {
            "taskDefinitionArn": self._definition_arn(name, int(number or OLD)),
            "status": "ACTIVE",
            "cpu": "512",
            "memory": "1024",
            "requiresCompatibilities": ["FARGATE"],
            "containerDefinitions": [{"name": tier.container, "image": image}],
        }
        return {"taskDefinition": found}

    def history(self, name: str, now: datetime) -> Body:
        """Answer ListServiceDeployments: the one of days ago, and a fresh one where there is one."""
        young = [(NEW, self.night.deployed)] if self.night.deployed < FRESH else []
        found = [
            {
                "serviceDeploymentArn": self._of(name, "service-deployment", revision),
                "targetServiceRevisionArn": self._of(name, "service-revision", revision),
                "status": "SUCCESSFUL",
                "createdAt": (now - age).timestamp(),
                "finishedAt": (now - age + timedelta(minutes=5)).timestamp(),
            }
            for revision, age in (*young, (OLD, BEFORE))
        ]
        return {"serviceDeployments": found}

    def revisions(self, arns: Sequence[str]) -> Body:
        """Answer DescribeServiceRevisions.

        Raises:
            ValueError: they are more than AWS takes.
        """
        if len(arns) > MOST_REVISIONS:
            raise ValueError(f"{MOST_REVISIONS} revisions can be described, not {len(arns)}")
        return {"serviceRevisions": [self._revision(arn) for arn in arns], "failures": []}

    def _revision(self, arn: str) -> Body:
        *_, name, number = arn.split("/")
        image = {"containerName": self._tier(name).container, "imageDigest": DIGEST}
        return {
            "serviceRevisionArn": arn,
            "taskDefinition": self._definition_arn(name, int(number)),
            "containerImages": [image],
        }

    def _tier(self, name: str) -> Any:
        """Return the backend or the worker by the name of its service, which is its family's as well."""
        tiers = {one.service: one for one in (self.environment.backend, self.environment.worker)}
        return tiers[name]

    def _definition_arn(self, family: str, revision: int) -> str:
        return self.environment.arn("ecs", f"task-definition/{family}:{revision}")

    def _of(self, name: str, kind: str, number: int) -> str:
        return self.environment.arn(
            "ecs", f"{kind}/{self.environment.cluster.name}/{name}/{number}"
        )
