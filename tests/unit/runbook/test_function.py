"""What cannot be understood is kept with its reason; a person is answered instead."""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from prod_settings import COMMON
from runbook import function
from runbook.function import MOST_KEPT, Refuser
from runbook.settings import Chapter

MOST_SQS_BYTES = 256 * 1024


@dataclass
class FakeSqs:
    """Keeps what was sent."""

    bodies: list[str] = field(default_factory=list)

    def send_message(self, QueueUrl: str, MessageBody: str) -> None:  # noqa: N803  # boto3's names
        assert COMMON.dead_letters == QueueUrl
        self.bodies.append(MessageBody)


def kept(event: object, why: str = "it is odd") -> dict[str, Any]:
    sqs = FakeSqs()
    Refuser(sqs, COMMON).keep(event, why)
    letter: dict[str, Any] = json.loads(sqs.bodies[0])
    return {**letter, "bytes": len(sqs.bodies[0].encode())}


def test_a_dead_letter_has_the_event_and_the_reason() -> None:
    event = {"detail-type": "odd", "détail": [1]}

    letter = kept(event)

    text = json.dumps(event)
    assert letter == {
        "refused_by": "nightshift",
        "why": "it is odd",
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
        "characters": len(text),
        "event": text,
        "bytes": letter["bytes"],
    }


def test_asks_sqs_for_what_it_takes(stubbed: Any) -> None:
    sqs, stub = stubbed("sqs")
    letter = {
        "refused_by": "nightshift",
        "why": "it is odd",
        "sha256": hashlib.sha256(b"[]").hexdigest(),
        "characters": 2,
        "event": "[]",
    }
    body = json.dumps(letter)
    stub.add_response("send_message", {}, {"QueueUrl": COMMON.dead_letters, "MessageBody": body})

    Refuser(sqs, COMMON).keep([], "it is odd")


def test_cuts_a_long_event_and_says_how_long_it_was() -> None:
    event = "x" * 300_000

    letter = kept(event)

    assert len(letter["event"]) == MOST_KEPT
    assert letter["characters"] == 300_002
    assert letter["sha256"] == hashlib.sha256(json.dumps(event).encode()).hexdigest()


@pytest.mark.parametrize(
    "character", ['"', "\\", "\x00", "é", "\U0001f525", "\ud800", "x"], ids=ascii
)
def test_a_dead_letter_fits_into_the_queue_whatever_is_in_it(character: str) -> None:
    letter = kept({character: [character * 200_000]})

    assert letter["bytes"] <= MOST_SQS_BYTES


def test_keeps_also_what_is_no_json() -> None:
    letter = kept({"odd": {1}})

    assert letter["event"] == '{"odd": "{1}"}'


def test_counts_what_it_keeps(capsys: pytest.CaptureFixture[str]) -> None:
    kept({})

    line = json.loads(capsys.readouterr().out)
    assert line["Unparsable"] == [1.0]
    assert line["environment"] == "prod"


@dataclass(frozen=True)
class FakeScenario:
    """As much of a scenario as understanding an event needs."""

    name: str = "worker_stuck"
    target: str = "saas-worker"


@dataclass(frozen=True)
class FakeKit:
    """As much of a kit."""

    scenario: FakeScenario = field(default_factory=FakeScenario)


CHAPTER = Chapter(
    **vars(COMMON), switch_parameter="s", mode_parameters={}, alarms=["a"], targets={}
)


def handled(event: object, sqs: FakeSqs | None = None) -> dict[str, Any]:
    kit: Any = FakeKit()
    return function.handle_event(event, kit, CHAPTER, ["a"], sqs or FakeSqs())


def test_keeps_a_refused_event_and_says_so_to_lambda() -> None:
    sqs = FakeSqs()

    answer = handled({"detail-type": "odd"}, sqs)

    assert answer == {"refused": "event.account is None; expected '111122223333'"}
    assert json.loads(sqs.bodies[0])["why"] == answer["refused"]


def test_answers_a_refused_request_and_keeps_nothing() -> None:
    sqs = FakeSqs()

    answer = handled({"reason": "r", "apply": "yes"}, sqs)

    assert answer == {"refused": "request.apply is 'yes'; expected true or false"}
    assert sqs.bodies == []


LOOK = {"reason": "r", "apply": True}


@pytest.mark.parametrize(
    ("event", "answer", "counted"),
    [
        pytest.param(LOOK, {"decided": "Wait"}, {"Looks"}, id="a look"),
        pytest.param(
            LOOK, {"decided": "Wait", "changed": "nothing"}, {"Looks"}, id="that changed nothing"
        ),
        pytest.param(
            LOOK,
            {"decided": "Wait", "changed": "redeploy of x"},
            {"Looks", "Applied"},
            id="that applied a fix",
        ),
        pytest.param(
            LOOK,
            {"decided": "Escalate", "refusal": "switched off"},
            {"Looks", "Escalated", "Refused"},
            id="that was refused and asked a person",
        ),
        pytest.param({"reason": "r"}, {"decided": "Escalate"}, set(), id="a preview by hand"),
    ],
)
def test_counts_looks_and_what_became_of_them(
    event: dict[str, Any],
    answer: dict[str, Any],
    counted: set[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(function, "look", lambda _kit, _trigger: {"incident": "i-1", **answer})

    handled(event)

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    values = {
        metric["Name"]: line[metric["Name"]]
        for line in lines
        for metric in line["_aws"]["CloudWatchMetrics"][0]["Metrics"]
    }
    assert {key: [1.0] for key in counted} == values
    assert all(line["scenario"] == "worker_stuck" for line in lines)
