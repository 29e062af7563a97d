"""A report by hand: short enough to read, sent only when asked for, and nothing else is written."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from diagnose.answer import Diagnose
from report_world import World, open_world
from runbook import report

EVENTS = Path(__file__).parents[3] / "events"
WRITES = ("Put", "Update", "Delete", "Transact", "Publish", "Send", "Register", "Stop", "Run")


@pytest.fixture
def world() -> Iterator[World]:
    with open_world() as opened:
        yield opened


def ask(world: World, **request: Any) -> dict[str, Any]:
    diagnose = Diagnose(world.aws, world.settings, world.outbox, world)
    return diagnose.answer({"reason": "users say that it is slow", **request})


def test_answers_the_event_that_is_shown_as_an_example(world: World) -> None:
    event = json.loads((EVENTS / "diagnose_by_hand.json").read_text(encoding="utf-8"))

    answer = Diagnose(world.aws, world.settings, world.outbox, world).answer(event)

    assert answer["diagnosed"] == "prod, 2026-11-23 03:00 UTC and 30 min before"
    assert answer["why"] == f"by hand: {event['reason']}"
    assert answer["health"] == ["HTTP 200, db ok, redis ok"]
    assert answer["worker log"][1] == "02:59:00 GET /"
    assert list(answer)[-1] == "sent"
    assert answer["sent"] == "no"


def test_a_quiet_nights_report_is_whole(world: World) -> None:
    answer = ask(world)

    assert "left out" not in answer
    assert report.size(answer) <= 6000


def test_writes_nothing_unless_it_is_asked_to(world: World) -> None:
    ask(world)

    assert [name for name, _ in world.asked if name.startswith(WRITES)] == []


def test_writes_only_its_own_message_when_it_is_asked_to(world: World) -> None:
    ask(world, send=True)

    written = [name for name, _ in world.asked if name.startswith(WRITES)]
    assert written == ["TransactWriteItems", "Publish", "DeleteItem"]


def test_sends_the_whole_report_as_an_update(world: World) -> None:
    answer = ask(world, send=True)

    (message,) = world.published("updates")
    assert world.published("pages") == []
    assert answer["sent"] == "as an update"
    assert message["Subject"] == "[prod] diagnose: by hand: users say that it is slow"
    assert message["Message"].startswith(
        "diagnosed: prod, 2026-11-23 03:00 UTC and 30 min before\nwhy: by hand: users say"
    )
    assert "\nworker log\n  1 lines since 02:30 UTC in /prod/worker\n" in message["Message"]
    assert world.items("outbox") == []


def test_what_sns_refuses_stays_for_patrol(world: World) -> None:
    world.answers["Publish"] = "KMSAccessDenied"

    answer = ask(world, send=True)

    (kept,) = world.items("outbox")
    assert answer["sent"].startswith("later, by patrol: SNS refused ")
    assert kept["kind"] == "update"
    assert answer["health"] == ["HTTP 200, db ok, redis ok"]


def test_a_report_that_cannot_be_written_is_answered_all_the_same(world: World) -> None:
    world.answers["TransactWriteItems"] = "ProvisionedThroughputExceededException"

    answer = ask(world, send=True)

    assert answer["sent"] == (
        "no: the table refused while writing a transaction: ProvisionedThroughputExceededException"
    )
    assert answer["health"] == ["HTTP 200, db ok, redis ok"]


def test_two_reports_of_one_moment_are_two_messages(world: World) -> None:
    world.answers["Publish"] = "Throttling"

    ask(world, send=True)
    ask(world, send=True)

    assert len(world.items("outbox")) == 2


@pytest.mark.parametrize("letter", ["x", '"', "\U0001f525", "ع"], ids=ascii)
def test_an_answer_fits_whatever_the_world_says(world: World, letter: str) -> None:
    long = letter * 2000
    at = int(world.now().timestamp() * 1000) - 1
    lines = [f"{long} {word} error" for word in ("one", "two", "three", "four")]
    world.answers["FilterLogEvents"] = {
        "events": [{"timestamp": at, "message": line} for line in lines]
    }
    world.answers["DescribeEvents"] = long[:100]

    answer = ask(world, reason=letter * 500)

    assert report.size(answer) <= 6000
    assert answer["sent"] == "no"


def test_a_refused_request_asks_nothing(world: World) -> None:
    answer = ask(world, apply=True)

    assert answer == {"refused": "the request has apply; expected only reason, send"}
    assert world.asked == []
