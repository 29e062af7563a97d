"""ECS as far as a stuck worker needs it, for moto has no tasks, rollouts or stop reasons of a service.

Parameters are checked twice: by botocore on the way in, and here: an operation or a parameter that this
does not know is a failure of the test, never a friendly answer.
"""

import itertools
from collections.abc import Callable, Mapping
from copy import deepcopy
from datetime import datetime, timedelta
from typing import Any

ACCOUNT = "111122223333"
ARN = f"arn:aws:ecs:me-south-1:{ACCOUNT}"
CLUSTER = "saas-prod"
SERVICE = "saas-worker"
FAMILY = "saas-worker"
KEPT = timedelta(hours=1)
"""How long ECS shows stopped tasks."""
DIGEST = "sha256:" + "a" * 64
OTHER_DIGEST = "sha256:" + "b" * 64
IMAGE = f"{ACCOUNT}.dkr.ecr.me-south-1.amazonaws.com/saas-worker:stable"

Body = dict[str, Any]


class NoSuchCallError(AssertionError):
    """The function asked for something that this ECS does not have."""


class Ecs:
    """One cluster with one service of two tasks, and another service's tasks beside them.

    Args:
        now: the stage's clock.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._ids = itertools.count(1)
        self.definitions: list[str] = [f"{ARN}:task-definition/{FAMILY}:7"]
        self.image = IMAGE
        self.controller = "ECS"
        self.strategy = "ROLLING"
        self.status = "ACTIVE"
        self.desired = 2
        self.redeploys: list[str] = []
        self.tasks: list[Body] = []
        self.deployments = [self._deployment("COMPLETED", now() - timedelta(days=3))]
        for _ in range(self.desired):
            self.start_task()
        self.stop_task(self.start_task(service="saas-api"), "EssentialContainerExited", 1)

    def state(self) -> Body:
        """Return what there is, to be put back later."""
        kept = {name: deepcopy(value) for name, value in vars(self).items() if name[0] != "_"}
        return {**kept, "_ids": deepcopy(self._ids)}

    def put_back(self, state: Body) -> None:
        """Be again what was saved."""
        vars(self).update(deepcopy(state))

    # What the world does

    @property
    def primary(self) -> Body:
        """Return the primary deployment."""
        return self.deployments[0]

    def running(self) -> list[Body]:
        """Return the service's tasks that are meant to run."""
        return [task for task in self.tasks if self._of(task, SERVICE, "RUNNING")]

    def start_task(self, service: str = SERVICE, digest: str = DIGEST) -> Body:
        """Start one task in the primary deployment."""
        task = {
            "taskArn": f"{ARN}:task/{CLUSTER}/{next(self._ids):032x}",
            "group": f"service:{service}",
            "desiredStatus": "RUNNING",
            "lastStatus": "RUNNING",
            "startedBy": self.primary["id"] if service == SERVICE else "ecs-svc/9999",
            "taskDefinitionArn": self.primary["taskDefinition"],
            "containers": [
                {"name": "sidecar", "lastStatus": "RUNNING", "imageDigest": OTHER_DIGEST},
                {"name": "worker", "lastStatus": "RUNNING", "imageDigest": digest},
            ],
        }
        self.tasks.append(task)
        return task

    def stop_task(
        self, task: Body, code: str, exit_code: int | None = None, reason: str = ""
    ) -> None:
        """Stop one task as ECS shows it."""
        words = {"EssentialContainerExited": "Essential container in task exited"}
        task.update(
            desiredStatus="STOPPED",
            lastStatus="STOPPED",
            stopCode=code,
            stoppedReason=reason or words.get(code, code),
            stoppedAt=self._now().timestamp(),
        )
        if exit_code is not None:
            task["containers"][1]["exitCode"] = exit_code

    def crash(self, exit_code: int = 1) -> None:
        """Let one running task end with an error, and start another in its place."""
        self.stop_task(self.running()[0], "EssentialContainerExited", exit_code)
        self.start_task()

    def deploy(self, task_definition: str = "") -> str:
        """Begin a rolling deployment, as UpdateService or an engineer does."""
        self.deployments[0]["status"] = "ACTIVE"
        fresh = self._deployment("IN_PROGRESS", self._now())
        fresh["taskDefinition"] = task_definition or self.deployments[0]["taskDefinition"]
        self.deployments.insert(0, fresh)
        return str(fresh["id"])

    def roll_on(self) -> None:
        """Finish the rollout in progress, if there is one: new tasks run, the old ones are killed."""
        if len(self.deployments) == 1:
            return
        for task in self.running():
            self.stop_task(task, "ServiceSchedulerInitiated", 137, "Scaling activity initiated")
        for _ in range(self.desired):
            self.start_task()
        del self.deployments[1:]
        self.primary.update(rolloutState="COMPLETED", updatedAt=self._now().timestamp())

    def _deployment(self, state: str, at: datetime) -> Body:
        return {
            "id": f"ecs-svc/{next(self._ids):019}",
            "status": "PRIMARY",
            "taskDefinition": self.definitions[-1],
            "rolloutState": state,
            "createdAt": at.timestamp(),
            "updatedAt": at.timestamp(),
            "failedTasks": 0,
            "desiredCount": self.desired,
        }

    def _of(self, task: Body, service: str, desired_status: str) -> bool:
        if task["group"] != f"service:{service}" or task["desiredStatus"] != desired_status:
            return False
        stopped = task.get("stoppedAt")
        return stopped is None or self._now().timestamp() - stopped < KEPT.total_seconds()

    # What the API answers

    def answer(self, operation: str, params: Mapping[str, Any]) -> tuple[int, Body]:
        """Answer one API call with a status and a body."""
        if params.get("cluster", CLUSTER) != CLUSTER:
            return 400, {"__type": "ClusterNotFoundException"}
        known: dict[str, tuple[set[str], Callable[[Mapping[str, Any]], tuple[int, Body]]]] = {
            "DescribeServices": ({"cluster", "services"}, self._describe_services),
            "DescribeTaskDefinition": ({"taskDefinition"}, self._describe_task_definition),
            "DescribeTasks": ({"cluster", "tasks"}, self._describe_tasks),
            "ListTasks": ({"cluster", "serviceName", "desiredStatus"}, self._list_tasks),
            "UpdateService": ({"cluster", "service", "forceNewDeployment"}, self._update_service),
        }
        if operation not in known or set(params) - known[operation][0]:
            raise NoSuchCallError(f"ECS {operation} with {sorted(params)}")
        return known[operation][1](params)

    def _describe_services(self, params: Mapping[str, Any]) -> tuple[int, Body]:
        if params["services"] != [SERVICE]:
            missing = {"arn": params["services"][0], "reason": "MISSING"}
            return 200, {"services": [], "failures": [missing]}
        own = self.controller == "ECS"
        service = {
            "serviceName": SERVICE,
            "status": self.status,
            "desiredCount": self.desired,
            "runningCount": len(self.running()),
            "pendingCount": 0,
            "deploymentController": {"type": self.controller},
            "deploymentConfiguration": {"strategy": self.strategy},
            "deployments": self.deployments if own else [],
        }
        return 200, {"services": [deepcopy(service)], "failures": []}

    def _describe_task_definition(self, params: Mapping[str, Any]) -> tuple[int, Body]:
        name = params["taskDefinition"]
        arn = self.definitions[-1] if name == FAMILY else name
        if arn not in self.definitions:
            return 400, {"__type": "ClientException"}
        containers = [{"name": "sidecar", "image": "envoy:1"}]
        containers.append({"name": "worker", "image": self.image})
        found = {"taskDefinitionArn": arn, "containerDefinitions": containers}
        return 200, {"taskDefinition": found}

    def _describe_tasks(self, params: Mapping[str, Any]) -> tuple[int, Body]:
        if not 0 < len(params["tasks"]) <= 100:
            return 400, {"__type": "InvalidParameterException"}
        found = [task for task in self.tasks if task["taskArn"] in params["tasks"]]
        return 200, {"tasks": deepcopy(found), "failures": []}

    def _list_tasks(self, params: Mapping[str, Any]) -> tuple[int, Body]:
        service, desired_status = params["serviceName"], params.get("desiredStatus", "RUNNING")
        found = [task for task in self.tasks if self._of(task, service, desired_status)]
        return 200, {"taskArns": [task["taskArn"] for task in found]}

    def _update_service(self, params: Mapping[str, Any]) -> tuple[int, Body]:
        if params["service"] != SERVICE:
            return 400, {"__type": "ServiceNotFoundException"}
        if params.get("forceNewDeployment"):
            self.redeploys.append(self.deploy())
        return 200, {"service": self._describe_services({"services": [SERVICE]})[1]["services"][0]}
