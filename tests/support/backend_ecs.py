"""ECS as far as a web backend needs it: deployments with what they ran before, revisions, task ends.

Like ``ecs.py`` it knows what the functions may ask and nothing else: an operation or a parameter beyond
that is a failure of the test, never a friendly answer.
"""

from collections.abc import Callable, Mapping
from copy import deepcopy
from datetime import datetime, timedelta
from typing import Any

from ecs import ACCOUNT, ARN, CLUSTER, KEPT, Body, NoSuchCallError

SERVICE, WORKER = "saas-backend", "saas-worker"
IMAGE = f"{ACCOUNT}.dkr.ecr.me-south-1.amazonaws.com/{SERVICE}"
ROLES = [f"arn:aws:iam::{ACCOUNT}:role/{SERVICE}-{kind}" for kind in ("task", "execution")]
KILLED = "OutOfMemoryError: Container killed due to memory usage"
_ENDS = {"EssentialContainerExited": "Essential container in task exited"}


def definition(number: int) -> str:
    """Return the ARN of the backend's revision."""
    return f"{ARN}:task-definition/{SERVICE}:{number}"


def digest(number: int) -> str:
    """Return the digest of the image that a revision was made for."""
    return f"sha256:{number:064x}"


class BackendEcs:
    """One cluster with a backend of two tasks and a worker.

    Args:
        now: the stage's clock.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self.made = 0
        self.definitions = {definition(number): self._definition(number) for number in (6, 7)}
        self.tags = {f"v{number}": digest(number) for number in (6, 7)}
        self.desired = 2
        self.controller = "ECS"
        self.tasks: list[Body] = []
        self.deployments: list[Body] = []
        self.history: list[Body] = []
        for number, days in ((6, 9), (7, 3)):
            self.deploy(number, at=now() - timedelta(days=days))
            self.roll_on(now() - timedelta(days=days) + timedelta(minutes=5))

    def state(self) -> Body:
        """Return what there is, to be put back later."""
        return {name: deepcopy(value) for name, value in vars(self).items() if name[0] != "_"}

    def put_back(self, state: Body) -> None:
        """Be again what was saved."""
        vars(self).update(deepcopy(state))

    # What the world does

    @property
    def primary(self) -> Body:
        """Return the primary deployment."""
        return self.deployments[0]

    @property
    def version(self) -> int:
        """Return the number of the revision that the service is at or on its way to."""
        return int(self.primary["taskDefinition"].rsplit(":", 1)[-1])

    @property
    def memory_mib(self) -> int:
        """Return what one task has."""
        return int(self.definitions[self.primary["taskDefinition"]]["memory"])

    def image(self, number: int) -> str:
        """Return the digest that the image of a revision resolves to now."""
        [container] = self.definitions[definition(number)]["containerDefinitions"][:1]
        return self.tags[container["image"].rsplit(":", 1)[-1]]

    def running(self) -> list[Body]:
        """Return the backend's tasks that are meant to run."""
        return [task for task in self.tasks if self._of(task, SERVICE, "RUNNING")]

    def register(self, number: int, **changes: Any) -> None:
        """Register the pipeline's next revision, with an image of its own."""
        self.definitions[definition(number)] = {**self._definition(number), **changes}
        self.tags[f"v{number}"] = digest(number)

    def deploy(self, number: int, at: datetime | None = None, image: str = "") -> str:
        """Begin a rolling deployment, as UpdateService or an engineer does."""
        self.made += 1
        moment = (at or self._now()).timestamp()
        arn = definition(number)
        for one in self.deployments:
            one["status"] = "ACTIVE"
        primary = {
            "id": f"ecs-svc/{self.made:019}",
            "status": "PRIMARY",
            "taskDefinition": arn,
            "rolloutState": "IN_PROGRESS",
            "createdAt": moment,
            "updatedAt": moment,
            "failedTasks": 0,
        }
        self.deployments.insert(0, primary)
        what = {
            "serviceDeploymentArn": f"{ARN}:service-deployment/{CLUSTER}/{SERVICE}/{self.made}",
            "targetServiceRevisionArn": f"{ARN}:service-revision/{CLUSTER}/{SERVICE}/{self.made}",
            "status": "IN_PROGRESS",
            "createdAt": moment,
            "runs": arn,
            "image": image or self.image(number),
        }
        self.history.insert(0, what)
        return str(primary["id"])

    def roll_on(self, at: datetime | None = None) -> None:
        """Finish the rollout in progress: new tasks run, the old ones are killed."""
        moment = (at or self._now()).timestamp()
        for task in self.running():
            self.stop_task(task, "ServiceSchedulerInitiated", 137, at=at)
        for _ in range(self.desired):
            self.start_task()
        del self.deployments[1:]
        self.primary.update(rolloutState="COMPLETED", updatedAt=moment)
        back = self.history[0]["status"] == "ROLLBACK_IN_PROGRESS"
        self.history[0].update(
            status="ROLLBACK_SUCCESSFUL" if back else "SUCCESSFUL", finishedAt=moment
        )

    def start_task(self) -> Body:
        """Start one task of the primary deployment."""
        self.made += 1
        task = {
            "taskArn": f"{ARN}:task/{CLUSTER}/{self.made:032x}",
            "group": f"service:{SERVICE}",
            "desiredStatus": "RUNNING",
            "lastStatus": "RUNNING",
            "startedBy": self.primary["id"],
            "taskDefinitionArn": self.primary["taskDefinition"],
            "containers": [{"name": "backend", "lastStatus": "RUNNING"}],
        }
        self.tasks.append(task)
        return task

    def stop_task(
        self,
        task: Body,
        code: str,
        exit_code: int | None = None,
        said: str = "",
        at: datetime | None = None,
    ) -> None:
        """Stop one task as ECS shows it."""
        task.update(
            desiredStatus="STOPPED",
            lastStatus="STOPPED",
            stopCode=code,
            stoppedReason=_ENDS.get(code, code),
            stoppedAt=(at or self._now()).timestamp(),
        )
        task["containers"][0].update(
            {key: value for key, value in (("exitCode", exit_code), ("reason", said)) if value}
        )

    def crash(self, exit_code: int = 1, said: str = "") -> None:
        """Let one task of the primary deployment end with an error, and start another in its place."""
        own = [task for task in self.running() if task["startedBy"] == self.primary["id"]]
        task = own[0] if own else self.start_task()
        self.stop_task(task, "EssentialContainerExited", exit_code, said)
        self.start_task()

    def _of(self, task: Body, service: str, desired_status: str) -> bool:
        if task["group"] != f"service:{service}" or task["desiredStatus"] != desired_status:
            return False
        stopped = task.get("stoppedAt")
        return stopped is None or self._now().timestamp() - stopped < KEPT.total_seconds()

    def _definition(self, number: int) -> Body:
        return {
            "taskDefinitionArn": definition(number),
            "family": SERVICE,
            "revision": number,
            "status": "ACTIVE",
            "cpu": "512",
            "memory": "1024",
            "networkMode": "awsvpc",
            "requiresCompatibilities": ["FARGATE"],
            "compatibilities": ["EC2", "FARGATE"],
            "taskRoleArn": ROLES[0],
            "executionRoleArn": ROLES[1],
            "containerDefinitions": [{"name": "backend", "image": f"{IMAGE}:v{number}"}],
        }

    # What the API answers

    def answer(self, operation: str, params: Mapping[str, Any]) -> tuple[int, Body]:
        """Answer one API call with a status and a body."""
        known: dict[str, tuple[set[str], Callable[[Mapping[str, Any]], tuple[int, Body]]]] = {
            "DescribeServices": ({"cluster", "services"}, self._describe_services),
            "DescribeTaskDefinition": ({"taskDefinition"}, self._describe_task_definition),
            "DescribeTasks": ({"cluster", "tasks"}, self._describe_tasks),
            "ListTasks": ({"cluster", "serviceName", "desiredStatus"}, self._list_tasks),
            "ListServiceDeployments": ({"cluster", "service", "maxResults"}, self._list),
            "DescribeServiceRevisions": ({"serviceRevisionArns"}, self._revisions),
            "RegisterTaskDefinition": (set(params), self._register),
            "StopServiceDeployment": ({"serviceDeploymentArn", "stopType"}, self._stop),
            "UpdateService": ({"cluster", "service", "taskDefinition"}, self._update_service),
        }
        if operation not in known or set(params) - known[operation][0]:
            raise NoSuchCallError(f"ECS {operation} with {sorted(params)}")
        return known[operation][1](params)

    def _describe_services(self, params: Mapping[str, Any]) -> tuple[int, Body]:
        [name] = params["services"]
        worker = {
            **self.history_of_worker,
            "serviceName": WORKER,
            "desiredCount": 2,
            "runningCount": 2,
        }
        backend = {
            "serviceName": SERVICE,
            "desiredCount": self.desired,
            "runningCount": min(len(self.running()), self.desired),
            "deployments": self.deployments if self.controller == "ECS" else [],
            "deploymentController": {"type": self.controller},
        }
        found = {WORKER: worker, SERVICE: backend}[name]
        return 200, {"services": [deepcopy({"status": "ACTIVE", "pendingCount": 0, **found})]}

    @property
    def history_of_worker(self) -> Body:
        """Return the worker's one deployment, of last month."""
        long_ago = self._now().timestamp() - timedelta(days=30).total_seconds()
        deployment = {
            "id": "ecs-svc/worker",
            "status": "PRIMARY",
            "taskDefinition": f"{ARN}:task-definition/{WORKER}:3",
            "rolloutState": "COMPLETED",
            "createdAt": long_ago,
            "updatedAt": long_ago,
        }
        return {"deployments": [deployment]}

    def _describe_task_definition(self, params: Mapping[str, Any]) -> tuple[int, Body]:
        found = self.definitions.get(params["taskDefinition"])
        if found is None:
            return 400, {"__type": "ClientException"}
        return 200, {"taskDefinition": deepcopy(found)}

    def _describe_tasks(self, params: Mapping[str, Any]) -> tuple[int, Body]:
        found = [task for task in self.tasks if task["taskArn"] in params["tasks"]]
        return 200, {"tasks": deepcopy(found)}

    def _list_tasks(self, params: Mapping[str, Any]) -> tuple[int, Body]:
        service, status = params["serviceName"], params["desiredStatus"]
        found = [task["taskArn"] for task in self.tasks if self._of(task, service, status)]
        return 200, {"taskArns": found}

    def _list(self, params: Mapping[str, Any]) -> tuple[int, Body]:
        kept = ("serviceDeploymentArn", "targetServiceRevisionArn", "status", "createdAt")
        found = [
            {key: one[key] for key in (*kept, "finishedAt") if key in one}
            for one in self.history[: params["maxResults"]]
        ]
        return 200, {"serviceDeployments": found}

    def _revisions(self, params: Mapping[str, Any]) -> tuple[int, Body]:
        found = [
            {
                "serviceRevisionArn": one["targetServiceRevisionArn"],
                "taskDefinition": one["runs"],
                "containerImages": [{"containerName": "backend", "imageDigest": one["image"]}],
            }
            for one in self.history
            if one["targetServiceRevisionArn"] in params["serviceRevisionArns"]
        ]
        return 200, {"serviceRevisions": found}

    def _register(self, params: Mapping[str, Any]) -> tuple[int, Body]:
        number = max(int(arn.rsplit(":", 1)[-1]) for arn in self.definitions) + 1
        described = {"taskDefinitionArn": definition(number), "revision": number}
        self.definitions[definition(number)] = {
            **deepcopy(dict(params)),
            **described,
            "status": "ACTIVE",
            "compatibilities": ["EC2", "FARGATE"],
        }
        return 200, {"taskDefinition": described}

    def _stop(self, params: Mapping[str, Any]) -> tuple[int, Body]:
        newest = self.history[0]
        if newest["serviceDeploymentArn"] != params["serviceDeploymentArn"]:
            return 400, {"__type": "ConflictException"}
        before = next(one for one in self.history[1:] if one["status"] == "SUCCESSFUL")
        number = int(before["runs"].rsplit(":", 1)[-1])
        self.deploy(number, image=before["image"])
        del self.history[0]  # going back is part of the deployment that is taken back
        newest["status"] = "ROLLBACK_IN_PROGRESS"
        return 200, {"serviceDeploymentArn": newest["serviceDeploymentArn"]}

    def _update_service(self, params: Mapping[str, Any]) -> tuple[int, Body]:
        found = self.definitions.get(params["taskDefinition"])
        if params["service"] != SERVICE or found is None or found["status"] != "ACTIVE":
            return 400, {"__type": "ClientException"}
        number = int(params["taskDefinition"].rsplit(":", 1)[-1])
        self.deploy(number)
        return 200, {"service": {"deployments": deepcopy(self.deployments)}}
