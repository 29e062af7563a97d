"""EventBridge to Lambda is asynchronous: retries, the age of an event, the on-failure destination."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from rehearsal.aws import async_queue
from rehearsal.aws.async_queue import AsyncQueue
from rehearsal.aws.lambdas import Answer
from rehearsal.journal import Journal

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
OK = Answer(ok=True, payload={"decided": "Wait"}, error="", milliseconds=5)
FAILED = Answer(ok=False, payload={"errorType": "Boom"}, error="Boom", milliseconds=5)
CONFIG = {"age": 300, "retries": 1, "on_failure": "arn:letters"}
EVENT = {"id": "event-1", "detail": {}}


class Stage:
    """A queue whose function answers what a test tells it, and what came of it."""

    def __init__(self, folder: Path, answers: list[Answer]) -> None:
        self.now = NOW
        self.calls: list[tuple[datetime, str, Any, str]] = []
        self.counted: list[str] = []
        self.letters: list[tuple[str, str, Any]] = []
        self._answers = answers
        self.journal = Journal(folder, SimpleNamespace(now=lambda: self.now))
        self.queue = AsyncQueue(self, self.journal, self._count, self._letter)

    def invoke(self, name: str, event: Any, request_id: str) -> Answer:
        self.calls.append((self.now, name, event, request_id))
        return self._answers.pop(0)

    def _count(self, function: str, metric: str) -> None:
        self.counted.append(f"{function} {metric}")

    def _letter(self, function: str, queue: str, body: str) -> None:
        self.letters.append((function, queue, json.loads(body)))

    def live(self, minutes: float) -> None:
        until = self.now + minutes * MINUTE
        while self.now < until:
            self.queue.run(self.now)
            self.now += timedelta(seconds=5)

    def called_after(self) -> list[float]:
        return [(at - NOW).total_seconds() for at, *_ in self.calls]


Make = Callable[..., Stage]


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    def make(*answers: Answer, **config: Any) -> Stage:
        monkeypatch.setattr(async_queue, "ASYNC", {"f": {**CONFIG, **config}})
        made = Stage(tmp_path, list(answers))
        made.queue.take("f", EVENT, "rule", NOW)
        return made

    return make


def test_an_event_that_goes_well_is_handed_over_once(stage: Make) -> None:
    made = stage(OK)

    made.live(10)

    assert made.called_after() == [0.0]
    assert made.calls[0][1:3] == ("f", EVENT)
    assert made.counted == ["f Invocations"]
    assert made.letters == []


def test_is_tried_again_after_a_minute_with_the_same_id(stage: Make) -> None:
    made = stage(FAILED, OK)

    made.live(10)

    assert made.called_after() == [0.0, 60.0]
    assert len({request_id for *_, request_id in made.calls}) == 1
    assert made.counted == ["f Invocations", "f Errors", "f Invocations"]
    assert made.letters == []


def test_a_second_retry_comes_two_minutes_after_the_first(stage: Make) -> None:
    made = stage(FAILED, FAILED, FAILED, retries=2)

    made.live(10)

    assert made.called_after() == [0.0, 60.0, 180.0]


def test_an_event_whose_retries_failed_is_dropped_into_the_on_failure_destination(
    stage: Make,
) -> None:
    made = stage(FAILED, FAILED)

    made.live(10)

    assert made.called_after() == [0.0, 60.0]
    assert made.counted.count("f Errors") == 2
    assert made.counted[-1] == "f AsyncEventsDropped"
    ((function, queue, record),) = made.letters
    assert (function, queue) == ("f", "arn:letters")
    assert record["requestContext"] == {
        "requestId": made.calls[0][3],
        "functionArn": "f",
        "condition": "RetriesExhausted",
        "approximateInvokeCount": 2,
    }
    assert record["requestPayload"] == EVENT
    assert record["responsePayload"] == {"errorType": "Boom"}


def test_no_retry_is_made_where_the_template_says_none(stage: Make) -> None:
    made = stage(FAILED, retries=0)

    made.live(10)

    assert made.called_after() == [0.0]
    assert len(made.letters) == 1


def test_an_event_that_would_be_too_old_for_its_retry_is_dropped(stage: Make) -> None:
    made = stage(FAILED, age=59)

    made.live(10)

    assert made.called_after() == [0.0]
    ((_, _, record),) = made.letters
    assert record["requestContext"]["condition"] == "EventAgeExceeded"


def test_a_dropped_event_without_a_destination_is_only_counted(stage: Make) -> None:
    made = stage(FAILED, FAILED, on_failure="")

    made.live(10)

    assert made.counted[-1] == "f AsyncEventsDropped"
    assert made.letters == []


def test_a_function_without_a_configuration_has_lambdas_defaults(
    stage: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = stage(FAILED, FAILED, FAILED)

    monkeypatch.setattr(async_queue, "ASYNC", {})
    made.live(10)

    assert made.called_after() == [0.0, 60.0, 180.0]
    assert made.letters == []


def test_what_is_due_goes_oldest_first_and_the_rest_waits(stage: Make) -> None:
    made = stage(FAILED, OK, OK)

    made.queue.run(NOW)
    made.now = NOW + 2 * MINUTE
    made.queue.take("f", {"id": "event-2"}, "rule", made.now)
    made.live(1)

    assert [event["id"] for _, _, event, _ in made.calls] == ["event-1", "event-1", "event-2"]


def test_every_attempt_is_written_down(stage: Make) -> None:
    made = stage(FAILED, OK)

    made.live(10)

    lines = made.journal.read("invocations")
    assert [(one["attempt"], one["ok"], one["error"]) for one in lines] == [
        (1, False, "Boom"),
        (2, True, ""),
    ]
    assert {(one["event_id"], one["rule"], one["kind"]) for one in lines} == {
        ("event-1", "rule", "async")
    }
