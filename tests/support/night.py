"""A night on the stage: the worker behaves as told, minutes pass, and Lambda does what Lambda does.

Each minute: the probe and ECS are measured, the alarm follows, patrol goes round, what is on the bus is
delivered. An invocation that fails is tried once more a minute later; then it is on record as failed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from botocore.exceptions import BotoCoreError, ClientError

from runbook.errors import NightshiftError
from seam import Killed
from stage import SETTINGS, Stage, event

Worker = Literal["frozen", "works", "slow", "crashes", "idle"]


@dataclass(frozen=True)
class Pace:
    """What a worker in one state shows each minute.

    Attributes:
        net: messages that the queue grows by.
        cpu: percent.
        logs: whether it logs.
    """

    net: int
    cpu: float
    logs: bool


PACES: dict[Worker, Pace] = {
    "frozen": Pace(40, 0.0, logs=False),
    "crashes": Pace(40, 1.0, logs=False),
    "works": Pace(-200, 35.0, logs=True),
    "slow": Pace(5, 80.0, logs=True),
    "idle": Pace(0, 5.0, logs=True),
}


def _outcome(stage: Stage) -> str:
    attempts = stage.incident().get("attempts", [])
    return str(attempts[-1]["outcome"]) if attempts else ""


MOMENTS: dict[str, tuple[str, Worker, Callable[[Stage], bool]]] = {
    "the alarm": ("", "works", lambda stage: bool(stage.incident())),
    "the fix": ("the alarm", "works", lambda stage: stage.redeploys() == 1),
    "the proof": ("the fix", "works", lambda stage: _outcome(stage) == "VERIFIED"),
    "the end": ("the proof", "works", lambda stage: stage.incident()["status"] == "resolved"),
    "no help": ("the fix", "frozen", lambda stage: _outcome(stage) == "FAILED"),
}
"""By name: the moment before it, how the new tasks behave, and when it has happened."""
_PLAYED: dict[str, dict[str, Any]] = {}
_NOT_SAVED = ("stage", "_first")


class Night:
    """What happens on one stage, minute by minute.

    Attributes:
        depth: messages in the queue.
        worker: how it behaves now.
        after_redeploy: how it behaves once new tasks run.
        redis_run: changes when Redis restarts; None while Redis is down.
        patrols: whether patrol runs.
        failed: events that were given up after two invocations.
        errors: what invocations raised.
        answers: what the others answered.
    """

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.depth = 20
        self.worker: Worker = "idle"
        self.after_redeploy: Worker = "works"
        self.redis_run: int | None = 4242
        self.probe_works = True
        self.patrols = True
        self.again: list[dict[str, Any]] = []
        self.failed: list[dict[str, Any]] = []
        self.errors: list[BaseException] = []
        self.answers: list[dict[str, Any]] = []
        self._recent: list[int] = []
        self._minute = 0
        self._first = self.save()

    def minutes(self, count: int) -> None:
        """Let minutes pass."""
        for _ in range(count):
            self.minute()

    def until(self, *statuses: str, most: int = 90) -> None:
        """Let minutes pass until the incident has one of the statuses."""
        for _ in range(most):
            if self.stage.incident().get("status") in statuses:
                return
            self.minute()
        raise AssertionError(
            f"not {' or '.join(statuses)} within {most} min: {self.stage.incident()}"
        )

    def to(self, moment: str) -> None:
        """Be at a moment of a usual night, one minute before it happens; see ``MOMENTS``."""
        if moment not in _PLAYED:
            self._play(moment)
        self.go_back(_PLAYED[moment])

    def _play(self, moment: str) -> None:
        begin, after, happened = MOMENTS[moment]
        if begin:
            self.to(begin)
        else:
            self.go_back(self._first)
            self.minutes(12)
            self.worker = "frozen"
        self.after_redeploy = after
        for _ in range(60):
            _PLAYED[moment] = self.save()
            self.minute()
            if happened(self.stage):
                return
        raise AssertionError(f"{moment} did not happen: {self.stage.incident()}")

    def minute(self) -> None:
        """Let one minute pass."""
        self.stage.step(60)
        self._minute += 1
        self._world()
        tried, self.again = self.again, []
        for what in tried:
            self.deliver(what, last=True)
        if self._alarm_rings():
            self.deliver(event("worker_stuck_alarm"))
        if self.patrols:
            self.go_round()
        looks, self.stage.bus = self.stage.bus, []
        for look in looks:
            if look["detail"]["scenario"] == "worker_stuck":  # the others are not played here
                self.deliver(look)

    def go_round(self) -> None:
        """Let patrol make one pass."""
        self.stage.patrol()

    def deliver(self, what: dict[str, Any], *, last: bool = False) -> None:
        """Invoke worker_stuck as EventBridge does: asynchronously, with one more try."""
        try:
            self.answers.append(self.stage.worker_stuck(what))
        except (ClientError, BotoCoreError, NightshiftError, Killed) as error:
            self.errors.append(error)
            (self.failed if last else self.again).append(what)

    def _world(self) -> None:
        stage = self.stage
        pace = PACES[self.worker]
        at = stage.now().replace(second=0, microsecond=0)
        if self.redis_run is not None:
            self.depth = max(0, self.depth + pace.net)
        self._recent = [*self._recent[-2:], self.depth]
        if not self.probe_works:
            stage.measure(at, pace.cpu)
        elif self.redis_run is None:
            stage.measure(at, pace.cpu, RedisUp=0)
        else:
            redis = {"RedisUp": 1, "RedisRun": self.redis_run}
            stage.measure(at, pace.cpu, QueueDepth=self.depth, Unacked=8, **redis)
        if pace.logs:
            stage.worker_logs()
        if self.worker == "crashes" and self._minute % 2 == 0:
            stage.ecs.crash()
        if len(stage.ecs.deployments) > 1 and stage.ecs.primary["createdAt"] < at.timestamp() - 60:
            stage.ecs.roll_on()
            self.worker = self.after_redeploy

    def _alarm_rings(self) -> bool:
        long = [depth >= SETTINGS.queue_depth_alarm for depth in self._recent]
        if not self.probe_works or self.redis_run is None:
            return False
        rings = len(long) == 3 and all(long)
        return self.stage.alarm("ALARM" if rings else "OK") and rings

    def save(self) -> dict[str, Any]:
        """Return the night as it is now."""
        own = {name: value for name, value in vars(self).items() if name not in _NOT_SAVED}
        lists = {name: list(value) for name, value in own.items() if isinstance(value, list)}
        return {"stage": self.stage.save(), "own": {**own, **lists}}

    def go_back(self, saved: dict[str, Any]) -> None:
        """Be as the night was when it was saved."""
        self.stage.go_back(saved["stage"])
        own = saved["own"]
        lists = {name: list(value) for name, value in own.items() if isinstance(value, list)}
        vars(self).update({**own, **lists})
