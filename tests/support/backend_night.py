"""A night of a web backend: what its versions do, minute by minute, and what Lambda does then."""

from dataclasses import dataclass
from typing import Any, Literal

from botocore.exceptions import BotoCoreError, ClientError

from backend_ecs import KILLED
from backend_stage import RATE, BackendStage
from runbook.errors import NightshiftError
from seam import Killed
from stage import event

Kind = Literal["works", "crashes", "fills", "misses the database", "errors"]


@dataclass(frozen=True)
class Pace:
    """What a version shows each minute.

    Attributes:
        errors: of 100 requests.
        healthy: targets.
    """

    errors: int
    healthy: int


PACES: dict[Kind, Pace] = {
    "works": Pace(0, 2),
    "crashes": Pace(60, 1),
    "fills": Pace(40, 1),
    "misses the database": Pace(100, 2),
    "errors": Pace(50, 2),
}


class BackendNight:
    """What happens on one stage, minute by minute.

    Attributes:
        kinds: what each version does, by its number; others work.
        enough_mib: memory with which a version that fills its memory works.
        failed: events that were given up after two invocations.
        answers: what the others answered.
    """

    def __init__(self, stage: BackendStage) -> None:
        self.stage = stage
        self.kinds: dict[int, Kind] = {}
        self.enough_mib = 2048
        self.rolls = True
        self.again: list[dict[str, Any]] = []
        self.failed: list[dict[str, Any]] = []
        self.errors: list[BaseException] = []
        self.answers: list[dict[str, Any]] = []
        self._recent: list[int] = []
        self._serving = stage.backend.version

    def minutes(self, count: int) -> None:
        """Let minutes pass."""
        for _ in range(count):
            self.minute()

    def until(self, status: str, most: int = 60) -> None:
        """Let minutes pass until the incident has a status."""
        for _ in range(most):
            if self.stage.incident().get("status") == status:
                return
            self.minute()
        raise AssertionError(f"not {status} within {most} min: {self.stage.incident()}")

    def until_changed(self, count: int = 1, most: int = 30) -> None:
        """Let minutes pass until so many calls have changed ECS."""
        for _ in range(most):
            if len(self.stage.changes()) >= count:
                return
            self.minute()
        raise AssertionError(f"{self.stage.changes()} within {most} min: {self.stage.incident()}")

    def deploy(self, number: int, kind: Kind = "works", *, complete: bool = True) -> None:
        """Let the pipeline deploy a version; it is complete within the minute, or never."""
        self.kinds[number] = kind
        self.stage.backend.register(number)
        self.stage.backend.deploy(number)
        self.rolls = complete
        self._roll_on()

    def minute(self) -> None:
        """Let one minute pass."""
        self.stage.step(60)
        self._world()
        tried, self.again = self.again, []
        for what in tried:
            self.deliver(what, last=True)
        if self._rings():
            self.deliver(event("backend_5xx_alarm"))
        if self.stage.due():
            self.deliver(event("backend_5xx_look_due"))

    def deliver(self, what: dict[str, Any], *, last: bool = False) -> None:
        """Invoke backend_5xx as EventBridge does: asynchronously, with one more try."""
        try:
            self.answers.append(self.stage.look(what))
        except (ClientError, BotoCoreError, NightshiftError, Killed) as error:
            self.errors.append(error)
            (self.failed if last else self.again).append(what)

    @property
    def kind(self) -> Kind:
        """Return what the newest version does now."""
        ecs = self.stage.backend
        enough = ecs.memory_mib >= self.enough_mib
        found = self.kinds.get(ecs.version, "works")
        return "works" if found == "fills" and enough else found

    def _world(self) -> None:
        ecs, kind = self.stage.backend, self.kind
        pace = PACES[kind]
        self._recent = [*self._recent[-2:], pace.errors]
        self.stage.count(100, pace.errors, pace.healthy)
        self.stage.healthy(db=kind != "misses the database")
        if kind == "crashes":
            ecs.crash()
        if kind == "fills":
            ecs.crash(137, KILLED)
        if kind == "misses the database":
            self.stage.log("ERROR psycopg.OperationalError: password authentication failed")
        if kind == "errors":
            self.stage.log("ERROR KeyError: 'tenant'")
        self._roll_on()

    def _roll_on(self) -> None:
        ecs = self.stage.backend
        started = ecs.primary["createdAt"] <= self.stage.now().timestamp() - 60
        if ecs.primary["rolloutState"] == "IN_PROGRESS" and self.rolls and started:
            ecs.roll_on()

    def _rings(self) -> bool:
        rings = len(self._recent) == 3 and all(errors >= 5 for errors in self._recent)
        return self.stage.ring(RATE, "ALARM" if rings else "OK") and rings
