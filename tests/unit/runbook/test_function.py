"""What cannot be understood is kept with its reason; a person is answered instead."""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from prod_settings import COMMON
from runbook.function import MOST_KEPT, Refuser

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
