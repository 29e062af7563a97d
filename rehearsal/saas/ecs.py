"""The embedded ECS: a service whose tasks are real worker processes.

It answers the four calls about services and tasks itself (moto knows no tasks of a service), and
otherwise does what ECS's scheduler does: starts tasks, replaces those that crash, rolls a deployment, kills
what does not stop in time. Not rehearsed: placement, Fargate capacity, load balancers.
"""

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
from moto.core.responses import ActionResult
from moto.ecs.responses import EC2ContainerServiceResponse

from rehearsal.clock import SharedClock
from rehearsal.processes import Processes

STOP_SECONDS = 1.0
"""Real seconds between SIGTERM and SIGKILL: a virtual minute; ECS's stopTimeout is 30 s by default."""
BACK_OFF = timedelta(seconds=30)
"""Virtual, before a crashed task is replaced; ECS waits longer with each failure."""
TASK_CPUS = 1.0
"""What a task has: CPUUtilization is measured against it."""
FORGET = timedelta(minutes=60)
"""ECS shows a stopped task for about an hour."""


@dataclass
class Task:
    """One task: a worker process and what ECS says of it."""

    arn: str
    deployment: str
    digest: str
    process: subprocess.Popen[bytes]
    log: Path
    started_at: datetime
    running: bool = False
    stopping_since: float = 0.0
    stopped_at: datetime | None = None
    stop_code: str = ""
    reason: str = ""
    exit_code: int = 0
    read: int = 0


@dataclass
class Deployment:
    """One deployment of the service."""

    id: str
    definition: str
    digest: str
    created_at: datetime
    updated_at: datetime
    state: str = "IN_PROGRESS"
    failed: int = 0
    not_before: datetime | None = None
    tasks: list[Task] = field(default_factory=list)

    def up(self) -> list[Task]:
        """Return the tasks that have not stopped."""
        return [task for task in self.tasks if task.stopped_at is None]


@dataclass(frozen=True)
class Target:
    """The service's names, as the environment file has them."""

    cluster: str
    service: str
    container: str
    account: str
    region: str

    def arn(self, resource: str) -> str:
        """Return an ECS ARN."""
        return f"arn:aws:ecs:{self.region}:{self.account}:{resource}"


class Scheduler:
    """The service scheduler.

    Args:
        target: names.
        folder: for the tasks' logs.
        clock: the virtual time.
        processes: starts the workers.
        environment: of the workers.
        on_line: gets each line that a task writes, with its task id.
        resolve: returns the digest that the image tag means now.
        desired: how many tasks.
    """

    def __init__(
        self,
        target: Target,
        folder: Path,
        clock: SharedClock,
        processes: Processes,
        environment: dict[str, str],
        on_line: Callable[[str, str], None],
        resolve: Callable[[], str],
        desired: int = 1,
    ) -> None:
        self._target = target
        self._folder = folder
        self._clock = clock
        self._processes = processes
        self._environment = {**os.environ, **environment, "PYTHONUNBUFFERED": "1"}
        self._on_line = on_line
        self._resolve = resolve
        self.desired = desired
        self.deployments: list[Deployment] = []
        self._old_tasks: list[Task] = []
        self._cpu: dict[int, float] = {}
        self._cpu_at = time.monotonic()

    # -- what people and functions ask ---------------------------------------------------------

    def install(self) -> None:
        """Answer ECS's calls about services and tasks from here."""
        ours = self

        def answer(build: Callable[[Any], dict[str, Any]]) -> Callable[[Any], ActionResult]:
            return lambda response: ActionResult(build(response))

        EC2ContainerServiceResponse.describe_services = answer(ours._describe_services)
        EC2ContainerServiceResponse.update_service = answer(ours._update_service)
        EC2ContainerServiceResponse.list_tasks = answer(ours._list_tasks)
        EC2ContainerServiceResponse.describe_tasks = answer(ours._describe_tasks)

    def deploy(self, definition: str) -> Deployment:
        """Begin a deployment; it becomes PRIMARY and replaces the others."""
        now = self._clock.now()
        number = uuid.uuid4().int % 10**19
        new = Deployment(f"ecs-svc/{number:019}", definition, self._resolve(), now, now)
        self.deployments.insert(0, new)
        return new

    def _update_service(self, response: Any) -> dict[str, Any]:
        definition = response._get_param("taskDefinition")
        desired = response._get_param("desiredCount")
        if desired is not None:
            self.desired = int(desired)
        if definition or response._get_param("forceNewDeployment"):
            self.deploy(definition or self.deployments[0].definition)
        return {"service": self._shown()}

    def _describe_services(self, response: Any) -> dict[str, Any]:
        wanted = [one.rsplit("/", 1)[-1] for one in response._get_param("services", [])]
        found = self._target.service in wanted
        return {"services": [self._shown()] if found else [], "failures": []}

    def _list_tasks(self, response: Any) -> dict[str, Any]:
        stopped = response._get_param("desiredStatus") == "STOPPED"
        return {"taskArns": [one.arn for one in self.tasks() if bool(one.stopped_at) == stopped]}

    def _describe_tasks(self, response: Any) -> dict[str, Any]:
        wanted = set(response._get_param("tasks", []))
        return {"tasks": [self._task(one) for one in self.tasks() if one.arn in wanted]}

    def tasks(self) -> list[Task]:
        """Return every task that ECS still shows."""
        since = self._clock.now() - FORGET
        everyone = [*self._old_tasks, *(one for two in self.deployments for one in two.tasks)]
        return [one for one in everyone if one.stopped_at is None or one.stopped_at > since]

    def _task(self, one: Task) -> dict[str, Any]:
        stopped = one.stopped_at is not None
        container: dict[str, Any] = {
            "name": self._target.container,
            "lastStatus": "STOPPED" if stopped else "RUNNING" if one.running else "PENDING",
            "imageDigest": one.digest,
        }
        shown: dict[str, Any] = {
            "taskArn": one.arn,
            "lastStatus": container["lastStatus"],
            "desiredStatus": "STOPPED" if stopped else "RUNNING",
            "startedBy": one.deployment,
            "group": f"service:{self._target.service}",
            "createdAt": one.started_at,
            "containers": [container],
        }
        if stopped:
            container["exitCode"] = one.exit_code
            shown |= {
                "stoppedAt": one.stopped_at,
                "stopCode": one.stop_code,
                "stoppedReason": one.reason,
            }
        return shown

    def _shown(self) -> dict[str, Any]:
        up = [task for deployment in self.deployments for task in deployment.up()]
        running = sum(task.running for task in up)
        return {
            "serviceArn": self._target.arn(
                f"service/{self._target.cluster}/{self._target.service}"
            ),
            "serviceName": self._target.service,
            "clusterArn": self._target.arn(f"cluster/{self._target.cluster}"),
            "status": "ACTIVE",
            "desiredCount": self.desired,
            "runningCount": running,
            "pendingCount": len(up) - running,
            "launchType": "FARGATE",
            "taskDefinition": self.deployments[0].definition,
            "deploymentController": {"type": "ECS"},
            "deploymentConfiguration": {"strategy": "ROLLING"},
            "deployments": [
                {
                    "id": one.id,
                    "status": "ACTIVE" if index else "PRIMARY",
                    "taskDefinition": one.definition,
                    "desiredCount": 0 if index else self.desired,
                    "runningCount": sum(task.running for task in one.up()),
                    "pendingCount": sum(not task.running for task in one.up()),
                    "failedTasks": one.failed,
                    "createdAt": one.created_at,
                    "updatedAt": one.updated_at,
                    "rolloutState": one.state,
                }
                for index, one in enumerate(self.deployments)
            ],
        }

    # -- what the scheduler does ----------------------------------------------------------------

    def reconcile(self) -> None:
        """Bring the processes nearer to what the service asks for."""
        now = self._clock.now()
        for deployment in self.deployments:
            for task in deployment.up():
                self._watch(deployment, task, now)
        primary, *others = self.deployments
        if primary.not_before is None or now >= primary.not_before:
            while len(primary.up()) < self.desired:
                self._start(primary, now)
        ready = sum(task.running for task in primary.up()) >= self.desired
        if ready:
            for task in (task for one in others for task in one.up()):
                self._stop(task)
        if ready and not any(one.up() for one in others) and primary.state != "COMPLETED":
            primary.state, primary.updated_at = "COMPLETED", now
            self._old_tasks += [task for one in others for task in one.tasks]
            self.deployments = [primary]

    def _start(self, deployment: Deployment, now: datetime) -> None:
        task_id = uuid.uuid4().hex
        log = self._folder / f"worker-{task_id[:8]}.log"
        process = self._processes.start(
            f"worker {task_id[:8]}",
            [
                sys.executable, "-m", "celery", "-A", "rehearsal.saas.app", "worker",
                "-c", "2", "--loglevel", "INFO", "--without-gossip", "--without-mingle",
                "-n", f"worker-{task_id[:8]}@saas",
            ],
            log=log,
            env=self._environment,
        )  # fmt: skip
        arn = self._target.arn(f"task/{self._target.cluster}/{task_id}")
        deployment.tasks.append(Task(arn, deployment.id, deployment.digest, process, log, now))

    def _watch(self, deployment: Deployment, task: Task, now: datetime) -> None:
        for line in self._new_lines(task):
            self._on_line(task.arn.rsplit("/", 1)[-1], line)
            if line.rstrip().endswith(" ready.") and not task.running:
                task.running = True
        code = task.process.poll()
        if code is None:
            if task.stopping_since and time.monotonic() - task.stopping_since > STOP_SECONDS:
                self._processes.signal(task.process, signal.SIGKILL)
            return
        task.stopped_at, task.exit_code = now, 128 - code if code < 0 else code
        if task.stopping_since:
            task.stop_code = "ServiceSchedulerInitiated"
            task.reason = f"Scaling activity initiated by (deployment {self.deployments[0].id})"
            return
        task.stop_code, task.reason = (
            "EssentialContainerExited",
            "Essential container in task exited",
        )
        deployment.not_before = now + BACK_OFF
        if not task.running:
            deployment.failed += 1

    def _new_lines(self, task: Task) -> list[str]:
        with task.log.open("rb") as file:
            file.seek(task.read)
            new = file.read()
        whole = new[: new.rfind(b"\n") + 1]
        task.read += len(whole)
        return [line for line in whole.decode("utf-8", "replace").splitlines() if line.strip()]

    def _stop(self, task: Task) -> None:
        if not task.stopping_since:
            task.stopping_since = time.monotonic()
            self._processes.signal(task.process, signal.SIGTERM)

    def cpu_percent(self) -> float | None:
        """Return the tasks' CPU since the last call, in percent of what they have; None without tasks."""
        now = time.monotonic()
        used, known = 0.0, False
        totals: dict[int, float] = {}
        for task in (task for one in self.deployments for task in one.up()):
            totals[task.process.pid] = _cpu_seconds(task.process.pid)
            if task.process.pid in self._cpu:
                used += max(0.0, totals[task.process.pid] - self._cpu[task.process.pid])
                known = True
        span, self._cpu, self._cpu_at = now - self._cpu_at, totals, now
        return 100 * used / span / (TASK_CPUS * max(self.desired, 1)) if known and span else None

    def running(self) -> list[Task]:
        """Return the tasks that run now."""
        return [task for one in self.deployments for task in one.up() if task.running]

    def pids(self) -> set[int]:
        """Return the process ids of all tasks that have not stopped."""
        return {task.process.pid for one in self.deployments for task in one.up()}


def _cpu_seconds(pid: int) -> float:
    try:
        process = psutil.Process(pid)
        everyone = [process, *process.children(recursive=True)]
        return float(sum(sum(one.cpu_times()[:2]) for one in everyone))
    except psutil.Error:
        return 0.0
