"""Plays several functions at the same time, in every order that their AWS calls can take.

Each function runs in a thread that stands still before each of its calls until it is let through; one goes
at a time. What happens next depends on nothing but the world and on what each function has heard by then,
so an order that leads to a state that was seen before is not played on: from there all orders were played.
"""

import hashlib
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from seam import Call, Killed
from stage import Stage

Play = Callable[[], Any]
_WRITES = frozenset(
    {"UpdateItem", "TransactWriteItems", "DeleteItem", "UpdateService", "Publish", "PutEvents"}
)

_UNREAD = ("ResponseMetadata", "MessageId")
"""Parts of answers that are new each time, and that no function goes by."""


def _matters(call: Call) -> bool:
    """Say whether it can make a difference who goes first at this call.

    Metrics, logs, alarms, images and switches are read here and never written; topics, the bus and the
    bucket are written and never read. Of ECS the looks change one thing, with UpdateService;
    DescribeServices, the first of the reads that a check or the gate makes together, stands for all.
    """
    if call.service == "ecs":
        return call.operation in ("DescribeServices", "UpdateService")
    return call.service == "dynamodb"


@dataclass
class End:
    """One way in which it all ended.

    Attributes:
        order: who was let through, step by step.
        answers: by name.
        errors: by name.
    """

    order: tuple[str, ...]
    answers: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, BaseException] = field(default_factory=dict)


class _Run:
    """One order, played."""

    def __init__(self, stage: Stage, plays: Mapping[str, Play]) -> None:
        self._stage = stage
        self._turns = {name: threading.Semaphore(0) for name in plays}
        self._stands = threading.Semaphore(0)
        self._over = False
        self._world = ""
        self.ready = list(plays)
        self.heard: dict[str, list[str]] = {name: [] for name in plays}
        self.end = End(())
        stage.calm()
        stage.hooks.before.insert(0, self._before)
        stage.hooks.heard.append(self._hears)
        stage.hooks.landed.append(self._lands)
        self._threads = [
            threading.Thread(target=self._play, args=(name, play)) for name, play in plays.items()
        ]
        for thread in self._threads:
            thread.start()
            self._stands.acquire()

    def step(self, name: str) -> None:
        """Let one function make its next call, and go on up to the call after it."""
        self.end.order += (name,)
        self._turns[name].release()
        self._stands.acquire()

    def stop(self) -> None:
        """End what still runs; it makes no further call."""
        self._over = True
        for name in self.ready:
            self._turns[name].release()
        for thread in self._threads:
            thread.join()

    def state(self) -> str:
        """Return a digest of the world and of what each function has heard."""
        self._world = self._world or self._digest_of_the_world()
        seen = json.dumps([self.heard, self.ready, self._world], default=str, sort_keys=True)
        return hashlib.sha256(seen.encode()).hexdigest()

    def _digest_of_the_world(self) -> str:
        stage = self._stage
        effects = [one.operation for one in stage.effects]
        world = [stage.items(), stage.ecs.state(), effects, len(stage.bus), stage.ids]
        return hashlib.sha256(json.dumps(world, default=str, sort_keys=True).encode()).hexdigest()

    def _lands(self, call: Call) -> None:
        if call.operation in _WRITES:
            self._world = ""

    def _play(self, name: str, play: Play) -> None:
        with self._stage.acting(name):
            try:
                self.end.answers[name] = play()
            except Killed:
                pass
            except Exception as error:  # noqa: BLE001  # the test looks at it, whatever it is
                self.end.errors[name] = error
        self.ready.remove(name)
        self._stands.release()

    def _stand(self, name: str) -> None:
        self._stands.release()
        self._turns[name].acquire()
        if self._over:
            raise Killed(name)

    def _before(self, call: Call) -> None:
        if call.actor in self._turns and _matters(call):
            self._stand(call.actor)

    def _hears(self, call: Call, answer: Mapping[str, Any]) -> None:
        if call.actor in self.heard:
            known = {name: answer[name] for name in answer if name not in _UNREAD}
            self.heard[call.actor].append(json.dumps([call.name, known], default=str))


def every_order(
    stage: Stage, begin: Callable[[], None], plays: Mapping[str, Play]
) -> Iterator[End]:
    """Play every order; the stage is as each of them left it when its end is given.

    Args:
        stage: where.
        begin: makes the stage what it is at the beginning.
        plays: what runs at the same time, by the name of its actor.
    """
    seen: set[str] = set()
    todo: list[tuple[str, ...]] = [()]
    while todo:
        prefix = todo.pop()
        begin()
        run = _Run(stage, plays)
        try:
            for name in prefix:
                run.step(name)
            known = _play_on(run, seen, todo)
        finally:
            run.stop()
            stage.calm()
        if not known:
            yield run.end


def _play_on(run: _Run, seen: set[str], todo: list[tuple[str, ...]]) -> bool:
    """Play to the end, noting where another one could go first; say whether it met a known state."""
    while run.ready:
        state = run.state()
        if state in seen:
            return True
        seen.add(state)
        todo += [(*run.end.order, other) for other in run.ready[1:]]
        run.step(run.ready[0])
    return False
