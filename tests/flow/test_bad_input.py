"""Events that nobody sent for: one file a case in ``bad_input/``, each with what must come of it.

``pad_to`` makes the event as many bytes of JSON long. Nothing is lost: what is not a person's request goes to
the dead letters, is counted, and its alarm pages; a person is answered.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from disturb import refuse
from night import Night
from stage import SETTINGS, Stage, event

CASES = sorted((Path(__file__).parent / "bad_input").glob("*.json"))


def _event(case: dict[str, Any]) -> Any:
    if "pad_to" not in case:
        return case["event"]
    short = len(json.dumps({**case["event"], "padding": ""}).encode())
    return {**case["event"], "padding": "x" * (case["pad_to"] - short)}


@pytest.mark.parametrize("path", CASES, ids=[path.stem for path in CASES])
def test_is_refused_with_the_field_and_what_was_expected(
    stage: Stage, night: Night, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = json.loads(path.read_text())
    what, expect = _event(case), case["expect"]
    night.to("the fix")  # where a look would write
    stage.step(60)
    capsys.readouterr()
    before, calls = stage.items(), len(stage.calls)

    answer = stage.worker_stuck(what)

    assert answer == {"refused": expect["message"]}
    assert stage.redeploys() == expect["writes"]
    assert len(stage.pages()) == expect["pages"]
    assert [letter["why"] for letter in stage.dead_letters()] == (
        [expect["message"]] * expect["dead_letters"]
    )
    assert stage.items() == before
    assert {call.operation for call in stage.calls[calls:]} <= {"SendMessage"}
    counted = '"Unparsable":[1.0]' in capsys.readouterr().out
    assert counted == bool(expect["dead_letters"])


def test_there_is_a_case_for_each_kind_of_bad_input() -> None:
    kinds = {path.stem.split("_")[0] for path in CASES}

    assert kinds == {"alarm", "direct", "event", "look", "request", "service", "topic"}


def test_a_dead_letter_holds_the_event_as_it_was(stage: Stage) -> None:
    foreign = event("worker_stuck_alarm", region="eu-west-1")

    stage.worker_stuck(foreign)

    [letter] = stage.dead_letters()
    text = json.dumps(foreign)
    assert json.loads(letter["event"]) == foreign
    assert letter["sha256"] == hashlib.sha256(text.encode()).hexdigest()
    assert (letter["refused_by"], letter["characters"]) == ("nightshift", len(text))


@pytest.mark.parametrize("filler", ["x", '"', "\\", "\u00e9", "\U0001f6a8"])
def test_a_dead_letter_of_a_huge_event_fits_into_the_queue(stage: Stage, filler: str) -> None:
    huge = event("worker_stuck_alarm", padding=filler * 262_144)

    stage.worker_stuck(huge)

    [letter] = stage.dead_letters()
    assert letter["characters"] == len(json.dumps(huge))
    assert json.dumps(huge).startswith(letter["event"])
    [sent] = [call for call in stage.effects if call.operation == "SendMessage"]
    assert len(sent.params["MessageBody"].encode()) <= 256 * 1024


def test_a_letter_that_the_queue_does_not_take_is_raised_for_lambda_to_keep(stage: Stage) -> None:
    stage.hooks.before.append(refuse("sqs.SendMessage"))

    with pytest.raises(ClientError, match="AccessDenied"):
        stage.worker_stuck({})


def test_apply_is_heard_from_a_person_only(stage: Stage, night: Night) -> None:
    night.to("the fix")
    stage.step(60)
    stage.parameter(SETTINGS.mode_parameters["redeploy_worker"], "observe")
    look = event("worker_stuck_look_due")
    look["detail"]["apply"] = True

    stage.worker_stuck(look)

    assert stage.redeploys() == 0
    assert stage.records()[-1]["refusal"]["code"] == "mode"


@pytest.mark.parametrize("state", ["OK", "INSUFFICIENT_DATA"])
def test_an_alarm_that_left_its_alarm_state_opens_nothing(stage: Stage, state: str) -> None:
    gone = event("worker_stuck_alarm")
    gone["detail"]["state"]["value"] = state

    answer = stage.worker_stuck(gone)

    assert (answer["incident"], answer["decided"]) == ("", "joined")
    assert stage.items() == []
