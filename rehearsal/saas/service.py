"""One ECS service whose tasks are real processes, and what ECS's scheduler does with them.

It starts tasks, replaces those that crash, rolls a deployment, scales, kills what does not stop in time and
what uses more memory than its task definition allows. Not rehearsed: placement, Fargate capacity, ECS's own
circuit breaker.
"""

import os
import signal
import time
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from rehearsal.clock import SharedClock
from rehearsal.processes import Processes
from rehearsal.saas import usage
from rehearsal.saas.tasks import Definition, Deployment, Program, Target, Task

STOP_SECONDS = 1.0
"""Real seconds between SIGTERM and SIGKILL: a virtual minute; ECS's stopTimeout is 30 s by default."""
BACK_OFF = timedelta(seconds=30)
"""Virtual, before a crashed task is replaced; ECS waits longer with each failure."""
STEADY = timedelta(seconds=60)
"""Virtual: all new tasks must have run for this long before the deployment counts as steady."""
FORGET = timedelta(minutes=60)
"""ECS shows a stopped task for about an hour."""
WATCH_SECONDS = 0.2
"""Real, between two looks at the tasks' memory."""
OUT_OF_MEMORY = "OutOfMemoryError: Container killed due to memory usage"


class Service:
    """A service and its scheduler.

    Args:
        target: names.
        program: what its tasks are here.
        folder: for the tasks' logs.
        clock: the virtual time.
        processes: starts the tasks.
        on_line: gets each line that a task writes, with its log group and its task id.
        describe: returns a revision by its ARN or its name.
        resolve: returns the digest that an image means now.
        host: returns a loopback address that no task has had.
        tell: gets each change of a task or a deployment, for EventBridge.
        desired: how many tasks.
    """

    def __init__(
        self,
        target: Target,
        program: Program,
        folder: Path,
        clock: SharedClock,
        processes: Processes,
        on_line: Callable[[str, str, str], None],
        describe: Callable[[str], Definition],
        resolve: Callable[[str], str],
        host: Callable[[], str],
        tell: Callable[["Service", Task | Deployment, str], None],
        desired: int = 1,
    ) -> None:
        self.target = target
        self.program = program
        self._folder = folder
        self._clock = clock
        self._processes = processes
        self._on_line = on_line
        self.describe = describe
        self._resolve = resolve
        self._host = host
        self._tell = tell
        self.desired = desired
        self.deployments: list[Deployment] = []
        self.history: list[Deployment] = []
        self._begun: list[Deployment] = []
        self._cpu = usage.Cpu()
        self._watched_at = 0.0

    # -- what people and functions ask for ------------------------------------------------------

    def deploy(self, definition: str, ago: timedelta = timedelta()) -> Deployment:
        """Begin a deployment; it becomes PRIMARY and replaces the others.

        Args:
            definition: the revision's ARN.
            ago: since when it has been there, complete, for what is older than the case.
        """
        digest = self._resolve(self.describe(definition).image)
        return self._begin(definition, digest, self._clock.now() - ago)

    def _begin(self, definition: str, digest: str, at: datetime) -> Deployment:
        for one in self.deployments:
            if one.record == "IN_PROGRESS":
                one.record, one.finished_at = "STOPPED", at
        new = Deployment(uuid.uuid4().int % 10**19, definition, digest, at, at)
        self.deployments.insert(0, new)
        self.history.insert(0, new)
        self._begun.insert(0, new)
        self._tell(self, new, "SERVICE_DEPLOYMENT_IN_PROGRESS")
        return new

    def roll_back(self, number: int) -> None:
        """Stop a deployment and go back to what the service ran before it, images and all."""
        bad = next(one for one in self.history if one.number == number)
        before = next(
            one for one in self.history[self.history.index(bad) + 1 :] if one.record == "SUCCESSFUL"
        )
        back = self._begin(before.definition, before.digest, self._clock.now())
        bad.record, bad.finished_at = "ROLLBACK_IN_PROGRESS", None
        back.takes_back = bad
        self.history.remove(back)

    def tasks(self) -> list[Task]:
        """Return every task that ECS still shows."""
        since = self._clock.now() - FORGET
        everyone = [task for one in self._begun for task in one.tasks]
        return [one for one in everyone if one.stopped_at is None or one.stopped_at > since]

    def running(self) -> list[Task]:
        """Return the tasks that run now."""
        return [task for one in self.deployments for task in one.up() if task.running]

    def cpu_percent(self) -> float | None:
        """Return the tasks' CPU since the last call, in percent of what they have; None without tasks."""
        pids = [task.process.pid for one in self.deployments for task in one.up()]
        return self._cpu.percent(pids, self.desired)

    def memory_percent(self) -> float | None:
        """Return the fullest task's memory in percent of its limit; None without tasks or a limit."""
        shares = []
        for task in self.running():
            limit = self.describe(task.definition).memory_mib
            if limit:
                shares.append(100 * usage.memory_mib(task.process.pid) / limit)
        return max(shares, default=None)

    # -- what the scheduler does ----------------------------------------------------------------

    def reconcile(self) -> None:
        """Bring the processes nearer to what the service asks for."""
        now = self._clock.now()
        self._watch_memory()
        for deployment in self.deployments:
            for task in deployment.up():
                self._watch(deployment, task, now)
        primary, *others = self.deployments
        if primary.not_before is None or now >= primary.not_before:
            while len(primary.up()) < self.desired:
                self._start(primary, now)
        for task in primary.up()[self.desired :]:
            self._stop(task)
        steady = [task for task in primary.up() if _steady(task, now)]
        if len(steady) < self.desired:
            return
        for task in (task for one in others for task in one.up()):
            self._stop(task)
        if not any(one.up() for one in others) and primary.state != "COMPLETED":
            self._complete(primary, now)

    def _complete(self, primary: Deployment, now: datetime) -> None:
        primary.state, primary.record = "COMPLETED", "SUCCESSFUL"
        # One that was there before the case began was complete as soon as it began.
        old = now - primary.created_at > FORGET
        primary.updated_at = primary.finished_at = primary.created_at if old else now
        if primary.takes_back:
            bad = primary.takes_back
            bad.record, bad.finished_at = "ROLLBACK_SUCCESSFUL", now
        self._tell(self, primary, "SERVICE_DEPLOYMENT_COMPLETED")
        self.deployments = [primary]

    def _start(self, deployment: Deployment, now: datetime) -> None:
        task_id, host = uuid.uuid4().hex, self._host()
        kind = self.program.kind
        log = self._folder / f"{kind}-{task_id[:8]}.log"
        wanted = self.describe(deployment.definition)
        process = self._processes.start(
            f"{kind} {task_id[:8]}",
            self.program.command(task_id, host),
            log=log,
            env={
                **os.environ,
                **self.program.environment,
                **wanted.environment,
                "SAAS_TASK": task_id,
                "SAAS_HOST": host,
                "PYTHONUNBUFFERED": "1",
            },
        )
        arn = self.target.arn(f"task/{self.target.cluster}/{task_id}")
        deployment.tasks.append(
            Task(
                arn,
                deployment.id,
                deployment.definition,
                deployment.digest,
                host,
                process,
                log,
                now,
            )
        )

    def _watch(self, deployment: Deployment, task: Task, now: datetime) -> None:
        for line in task.new_lines():
            self._on_line(self.program.log_group, task.id, line)
            if self.program.ready(line) and not task.running:
                task.running_since = now
                self._tell(self, task, "RUNNING")
        code = task.process.poll()
        if code is None:
            late = task.stopping_since and time.monotonic() - task.stopping_since > STOP_SECONDS
            if late and not task.killed:
                task.killed = True
                self._processes.signal(task.process, signal.SIGKILL)
            return
        task.stopped_at, task.exit_code = now, 128 - code if code < 0 else code
        if task.stopping_since:
            task.stop_code = "ServiceSchedulerInitiated"
            task.reason = f"Scaling activity initiated by (deployment {self.deployments[0].id})"
        else:
            task.stop_code = "EssentialContainerExited"
            task.reason = task.container_reason or "Essential container in task exited"
            deployment.not_before = now + BACK_OFF
            if not task.running:
                deployment.failed += 1
        self._tell(self, task, "STOPPED")

    def _watch_memory(self) -> None:
        """Kill what uses more than its task definition allows, as the kernel does on Fargate."""
        if time.monotonic() - self._watched_at < WATCH_SECONDS:
            return
        self._watched_at = time.monotonic()
        for task in (task for one in self.deployments for task in one.up()):
            limit = self.describe(task.definition).memory_mib
            if limit and not task.killed and usage.memory_mib(task.process.pid) > limit:
                task.killed = True
                task.container_reason = OUT_OF_MEMORY
                self._processes.signal(task.process, signal.SIGKILL)

    def _stop(self, task: Task) -> None:
        if not task.stopping_since:
            task.stopping_since = time.monotonic()
            self._processes.signal(task.process, signal.SIGTERM)


def _steady(task: Task, now: datetime) -> bool:
    since = task.running_since
    return task.serving and since is not None and now - since >= STEADY
