"""Lambda's entry of triage: what cannot be understood is kept, and nobody is paged for it."""

import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from report_world import World, open_world
from runbook.settings import VARIABLE

EVENT = Path(__file__).parents[3] / "events" / "triage_alarm.json"
CONTEXT = SimpleNamespace(
    function_name="f", memory_limit_in_mb=128, invoked_function_arn="arn", aws_request_id="r"
)


@pytest.fixture
def world() -> Iterator[World]:
    with open_world() as opened:
        yield opened


@pytest.fixture
def handle(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Return the handler as Lambda imports it, on the world's clients."""
    told = json.dumps({**world.told, "alarms": []})
    monkeypatch.setenv(VARIABLE, told)
    monkeypatch.delitem(sys.modules, "triage.handler", raising=False)
    handler = importlib.import_module("triage.handler")
    monkeypatch.setattr(handler, "aws", world.aws)
    triage = handler.Triage(world.aws, handler.settings, world.outbox, world)
    monkeypatch.setattr(handler, "triage", triage)
    yield handler.handle
    del sys.modules["triage.handler"]


def test_pages_for_the_event_that_is_shown_as_an_example(world: World, handle: Any) -> None:
    event = json.loads(EVENT.read_text(encoding="utf-8"))

    answer = handle(event, CONTEXT)

    assert (answer["alarm"], answer["decided"]) == (event["detail"]["alarmName"], "page")
    assert len(world.published("pages")) == 1


@pytest.mark.parametrize("event", [None, {}, {"reason": "r"}, {"Records": []}], ids=str)
def test_keeps_what_it_does_not_understand(world: World, handle: Any, event: Any) -> None:
    answer = handle(event, CONTEXT)

    (letter,) = world.calls("SendMessage")
    kept = json.loads(letter["MessageBody"])
    assert kept["why"] == answer["refused"]
    assert json.loads(kept["event"]) == event
    assert world.published("pages") == []
