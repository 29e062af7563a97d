"""ECS's one-off tasks of the migrations, and the database that they change: they take their time, and write.

RunTask answers a token that it knows with the task that is there, and refuses it for another request.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

DEFINITION = "arn:aws:ecs:me-south-1:111122223333:task-definition/saas-migrate:7"
TASKS = "arn:aws:ecs:me-south-1:111122223333:task/saas-prod/"
STARTS, ENDS = timedelta(seconds=30), timedelta(seconds=60)
"""After the call: Fargate takes its time."""
FORGETS = timedelta(hours=1)
BEFORE = {"b2e4": "a1f0", "a1f0": "<base>"}
Answer = tuple[int, dict[str, Any]]


@dataclass
class OneOffTask:
    """A task that was started."""

    number: int
    asked: Mapping[str, Any]
    created_at: datetime
    code: int | None = None
    log: list[str] = field(default_factory=list)

    @property
    def arn(self) -> str:
        return f"{TASKS}{self.number:032x}"

    @property
    def words(self) -> list[str]:
        return [str(one) for one in self.asked["overrides"]["containerOverrides"][0]["command"]]

    @property
    def downgrades(self) -> bool:
        return "alembic downgrade" in " ".join(self.words)


class MigrateEcs:
    """The tasks, and where the database is.

    Attributes:
        at: the revision that the database is at.
        known: whether the image knows that revision.
        fails: what a downgrade writes before it fails; empty where it works.
        stays: a downgrade says that all went well, and changes nothing.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self.tasks: list[OneOffTask] = []
        self.at = "b2e4"
        self.known = True
        self.heads = ["b2e4"]
        self.fails = ""
        self.stays = False

    # The calls

    def answer(self, operation: str, params: Mapping[str, Any]) -> Answer:
        self._live()
        return {
            "RunTask": self._run,
            "ListTasks": self._list,
            "DescribeTasks": self._describe,
            "DescribeTaskDefinition": self._definition,
        }[operation](params)

    def _run(self, params: Mapping[str, Any]) -> Answer:
        asked = dict(params)
        for one in self.tasks:
            if one.asked.get("clientToken") == asked["clientToken"]:
                if one.asked != asked:
                    return 400, {"__type": "ConflictException", "resourceIds": [one.arn]}
                return 200, {"tasks": [{"taskArn": one.arn}], "failures": []}
        task = OneOffTask(len(self.tasks) + 1, asked, self._now())
        self.tasks.append(task)
        return 200, {"tasks": [{"taskArn": task.arn}], "failures": []}

    def _list(self, params: Mapping[str, Any]) -> Answer:
        assert params["family"] == "saas-migrate"
        stopped = params["desiredStatus"] == "STOPPED"
        found = [
            one.arn
            for one in self.tasks
            if self._over(one) == stopped and self._now() - one.created_at <= FORGETS
        ]
        return 200, {"taskArns": found}

    def _describe(self, params: Mapping[str, Any]) -> Answer:
        return 200, {
            "tasks": [self._shown(one) for one in self.tasks if one.arn in params["tasks"]]
        }

    def _definition(self, params: Mapping[str, Any]) -> Answer:
        assert params["taskDefinition"] == DEFINITION
        options = {"awslogs-group": "/prod/migrate", "awslogs-stream-prefix": "ecs"}
        driver = {"logDriver": "awslogs", "options": options}
        container = {"name": "migrate", "logConfiguration": driver}
        return 200, {"taskDefinition": {"containerDefinitions": [container]}}

    def log_events(self, params: Mapping[str, Any]) -> Answer:
        """Answer GetLogEvents."""
        self._live()
        prefix, container, task_id = params["logStreamName"].split("/")
        assert (params["logGroupName"], prefix, container) == ("/prod/migrate", "ecs", "migrate")
        [task] = [one for one in self.tasks if one.arn.endswith(task_id)]
        return 200, {"events": [{"message": one} for one in task.log]}

    # What the tasks do

    def _over(self, task: OneOffTask) -> bool:
        return self._now() >= task.created_at + ENDS

    def _live(self) -> None:
        for task in self.tasks:
            if task.code is None and self._over(task):
                task.code = self._downgrade(task) if task.downgrades else self._read(task)

    def _read(self, task: OneOffTask) -> int:
        lost = f"FAILED: Can't locate revision identified by '{self.at}'"
        shown = [f"Rev: {self.at}", f"Parent: {BEFORE.get(self.at, '')}", "Path: /app/x.py"]
        here = self.at if self.known else lost
        code = 0 if self.known else 255
        sections = {"current": [here], "heads": self.heads, "show": shown if self.known else [lost]}
        for name, lines in sections.items():
            ended = 0 if name == "heads" else code
            task.log += [f"nightshift:{name}", *lines, f"nightshift:exit {ended}"]
        task.log.append("nightshift:end")
        return 0

    def _downgrade(self, task: OneOffTask) -> int:
        before, to = task.words[-2:]
        if before != self.at:
            task.log.append(f"the database is at '{self.at}': nothing was changed")
            return 4
        if self.fails:
            task.log += ["Running downgrade", self.fails]
            return 1
        self.at = self.at if self.stays else to
        return 0

    def _shown(self, task: OneOffTask) -> dict[str, Any]:
        started, over = self._now() >= task.created_at + STARTS, self._over(task)
        container: dict[str, Any] = {"name": "migrate"}
        shown: dict[str, Any] = {
            "taskArn": task.arn,
            "taskDefinitionArn": DEFINITION,
            "startedBy": task.asked.get("startedBy", ""),
            "lastStatus": "STOPPED" if over else "RUNNING" if started else "PROVISIONING",
            "createdAt": task.created_at.timestamp(),
            "containers": [container],
        }
        if started:
            shown["startedAt"] = (task.created_at + STARTS).timestamp()
        if over:
            container["exitCode"] = task.code
            shown |= {
                "stoppedAt": (task.created_at + ENDS).timestamp(),
                "stopCode": "EssentialContainerExited",
                "stoppedReason": "Essential container in task exited",
            }
        return shown

    def migrates(self, by: str) -> None:
        """Let somebody else run a task of the family."""
        asked = {"startedBy": by, "overrides": {"containerOverrides": [{"command": ["upgrade"]}]}}
        task = OneOffTask(len(self.tasks) + 1, asked, self._now(), code=0)
        self.tasks.append(task)

    def downgrades(self) -> list[OneOffTask]:
        """Return the tasks that went back, or were to."""
        return [one for one in self.tasks if one.downgrades]

    def readings(self) -> list[OneOffTask]:
        """Return the tasks that asked alembic."""
        return [one for one in self.tasks if "alembic current" in one.words[-1]]
