"""One-off ECS tasks, started by RunTask: real processes that end by themselves."""

import os
import subprocess
import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from rehearsal.clock import SharedClock
from rehearsal.processes import Processes
from rehearsal.saas.tasks import Definition, Target, Task

START_SECONDS = 0.2
"""Real, for which a task stays PENDING at least."""
LASTS = timedelta(minutes=1)
"""Virtual, after which the clock stands until the task is over: minutes here are seconds on a machine."""
MOST_SECONDS = 60
"""Real, for which the clock stands."""


class OneOff:
    """Runs the commands of one task definition's container.

    Args:
        target: names; its service is empty.
        folder: for the tasks' logs.
        clock: the virtual time.
        processes: starts them.
        environment: of each task, below its definition's own.
        log_group: where its lines go, in a stream of each task's own.
        stream_prefix: what the names of those streams begin with.
        on_line: gets each line, with its log group and its task id.
        describe: returns a revision by its name or ARN.
        resolve: returns the digest that an image means now.
    """

    def __init__(
        self,
        target: Target,
        folder: Path,
        clock: SharedClock,
        processes: Processes,
        environment: Mapping[str, str],
        log_group: str,
        stream_prefix: str,
        on_line: Callable[[str, str, str], None],
        describe: Callable[[str], Definition],
        resolve: Callable[[str], str],
    ) -> None:
        self.target = target
        self._folder = folder
        self._clock = clock
        self._processes = processes
        self.environment = dict(environment)
        self._log_group = log_group
        self._stream_prefix = stream_prefix
        self._on_line = on_line
        self._describe = describe
        self._resolve = resolve
        self._tasks: list[Task] = []
        self._by_token: dict[str, Task] = {}
        self._begun: dict[str, float] = {}

    def run(
        self, definition: str, overrides: Mapping[str, Any], token: str, started_by: str
    ) -> list[Task]:
        """Start a task; the same client token gives the same task again."""
        if token and token in self._by_token:
            return [self._by_token[token]]
        wanted = self._describe(definition)
        command, variables = self._overridden(overrides)
        task_id = uuid.uuid4().hex
        log = self._folder / f"one-off-{task_id[:8]}.log"
        process = self._processes.start(
            f"one-off {task_id[:8]}",
            command,
            log=log,
            env={**os.environ, **self.environment, **wanted.environment, **variables},
        )
        task = Task(
            self.target.arn(f"task/{self.target.cluster}/{task_id}"),
            started_by,
            wanted.arn,
            self._resolve(wanted.image),
            "127.0.0.1",
            process,
            log,
            self._clock.now(),
        )
        self._begun[task.arn] = time.monotonic()
        self._tasks.append(task)
        if token:
            self._by_token[token] = task
        return [task]

    def _overridden(self, overrides: Mapping[str, Any]) -> tuple[list[str], dict[str, str]]:
        for one in overrides.get("containerOverrides", []):
            if one["name"] == self.target.container and "command" in one:
                variables = {two["name"]: two["value"] for two in one.get("environment", [])}
                return [str(part) for part in one["command"]], variables
        raise NotImplementedError("RunTask without a command for the container is not rehearsed")

    def tasks(self) -> list[Task]:
        """Return all of them."""
        return list(self._tasks)

    def watch(self) -> None:
        """Notice what has started, written and ended."""
        now = self._clock.now()
        for task in self._tasks:
            if task.stopped_at is None:
                self._watch(task, now)

    def _watch(self, task: Task, now: datetime) -> None:
        if not task.running and time.monotonic() - self._begun[task.arn] > START_SECONDS:
            task.running_since = now
        if task.running_since and now - task.running_since > LASTS:
            self._wait(task)
        code = task.process.poll()
        stream = f"{self._stream_prefix}/{self.target.container}/{task.id}"
        for line in task.new_lines():
            self._on_line(self._log_group, stream, line)
        if code is not None:
            task.stopped_at, task.exit_code = now, 128 - code if code < 0 else code
            task.stop_code = "EssentialContainerExited"
            task.reason = "Essential container in task exited"

    def _wait(self, task: Task) -> None:
        """Let the clock stand until the process is over, or is not going to be."""
        with self._clock.paused(), suppress(subprocess.TimeoutExpired):
            task.process.wait(MOST_SECONDS)

    def shown(self, task: Task) -> dict[str, Any]:
        """Return a task as DescribeTasks shows it."""
        family = task.definition.rsplit("/", 1)[-1].rsplit(":", 1)[0]
        shape = task.shape(self.target)
        started_by = {"startedBy": task.deployment} if task.deployment else {}
        return {**shape, **started_by, "group": f"family:{family}"}
