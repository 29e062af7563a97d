"""A night of one of the scenarios B to E: minutes pass; Lambda, EventBridge and patrol do what they do."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from copy import deepcopy
from typing import Any, ClassVar

from botocore.exceptions import BotoCoreError, ClientError

from chapter_stage import ChapterStage
from runbook.errors import NightshiftError
from seam import Killed
from stage import event

Happened = Callable[[Any], bool]
_PLAYED: dict[tuple[str, str], dict[str, Any]] = {}


class ChapterNight(ABC):
    """What happens on one stage, minute by minute.

    Attributes:
        moments: by name: the moment before it, what breaks then, and when it has happened.
        patrols: whether patrol runs.
        again: events whose invocation failed: Lambda tries once more.
        failed: events that were given up after two invocations.
        answers: what the others answered.
    """

    moments: ClassVar[dict[str, tuple[str, Callable[[Any], None], Happened]]] = {}

    def __init__(self, stage: Any) -> None:
        self.stage = stage
        self.patrols = True
        self.again: list[dict[str, Any]] = []
        self.failed: list[dict[str, Any]] = []
        self.errors: list[BaseException] = []
        self.answers: list[dict[str, Any]] = []
        self.bad: list[bool] = []
        key = (stage.name, "")
        if key in _PLAYED:
            self.go_back(_PLAYED[key])
        else:
            self.begin()
            _PLAYED[key] = self.save()

    @abstractmethod
    def begin(self) -> None:
        """Let everything be well."""

    @abstractmethod
    def _world(self) -> bool:
        """Let the world go on by one minute; say whether the alarm's metric is bad."""

    def minutes(self, count: int) -> None:
        """Let minutes pass."""
        for _ in range(count):
            self.minute()

    def until(self, *statuses: str, most: int = 60) -> None:
        """Let minutes pass until the incident has one of the statuses."""
        self.until_it(lambda stage: stage.incident().get("status") in statuses, most)

    def until_it(self, happened: Happened, most: int = 60) -> None:
        """Let minutes pass until something has happened."""
        for _ in range(most):
            if happened(self.stage):
                return
            self.minute()
        raise AssertionError(f"not within {most} min: {self.stage.incident()}")

    def minute(self) -> None:
        """Let one minute pass."""
        stage: ChapterStage = self.stage
        stage.step(60)
        self.bad = [*self.bad[-2:], self._world()]
        tried, self.again = self.again, []
        for what in tried:
            self.deliver(what, last=True)
        if stage.ring(bad=len(self.bad) == 3 and all(self.bad)):
            self.deliver(event(f"{stage.name}_alarm"))
        if self.patrols:
            stage.patrol()
        looks, stage.bus = stage.bus, []
        for look in looks:
            if look["detail"]["scenario"] == stage.name:
                self.deliver(look)

    def deliver(self, what: dict[str, Any], *, last: bool = False) -> None:
        """Invoke the function as EventBridge does: asynchronously, with one more try."""
        try:
            self.answers.append(self.stage.look(what))
        except (ClientError, BotoCoreError, NightshiftError, Killed) as error:
            self.errors.append(error)
            (self.failed if last else self.again).append(what)

    def to(self, moment: str) -> None:
        """Be at a moment of a usual night, one minute before it happens; see ``moments``."""
        key = (self.stage.name, moment)
        if key not in _PLAYED:
            self._play(moment)
        self.go_back(_PLAYED[key])

    def _play(self, moment: str) -> None:
        before, breaks, happened = self.moments[moment]
        if before:
            self.to(before)
            self.minute()
        else:
            self.go_back(_PLAYED[self.stage.name, ""])
        breaks(self)
        for _ in range(60):
            _PLAYED[self.stage.name, moment] = self.save()
            self.minute()
            if happened(self.stage):
                return
        raise AssertionError(f"{moment} did not happen: {self.stage.incident()}")

    def save(self) -> dict[str, Any]:
        """Return the night as it is now."""
        own = {name: value for name, value in vars(self).items() if name not in ("stage", "errors")}
        return {"stage": self.stage.save(), "own": deepcopy(own)}

    def go_back(self, saved: dict[str, Any]) -> None:
        """Be as the night was when it was saved."""
        self.stage.go_back(saved["stage"])
        vars(self).update(deepcopy(saved["own"]))
        self.errors = []
