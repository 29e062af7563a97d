"""``result.json``: what can be computed from evidence is, whatever Nightshift says of itself."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from evidence import ALARM, BREAK, Line, Night, Spoil, at, message, page, repaired, transition
from rehearsal.cases.case import Case, Evidence
from rehearsal.changes import Change
from rehearsal.result import result_of, undone
from rehearsal.saas.saas import BACKEND, WORKER

UPDATE = {
    "at": at("03:13"), "function": "f", "service": "ecs", "operation": "UpdateService", "status": 200,
    "params": {"service": "saas-worker", "forceNewDeployment": True},
}  # fmt: skip


BEFORE = {"ALARM": "OK", "OK": "ALARM", "INSUFFICIENT_DATA": "ALARM"}


def _alarm(clock: str, after: str, name: str = ALARM) -> Line:
    return transition(clock, BEFORE[after], after, name)


def _result(
    folder: Path,
    alarms: list[Line],
    spoil: Spoil = lambda _: None,
    parts: frozenset[str] = frozenset({WORKER}),
) -> dict[str, Any]:
    """Return the result of a repaired night with these transitions of its alarms."""
    night = repaired()
    night.files["alarms"] = alarms
    night.files["changes"] = [UPDATE]
    spoil(night)
    night.judged(folder)
    case = Case("frozen", "SIGSTOP", lambda _: True, night.expected, parts=parts)
    return result_of(case, folder, night.ended, Evidence())


RANG = _alarm("03:12", "ALARM")
STEADY: dict[str, tuple[list[Line], Spoil, int | None]] = {
    "ended as OK": ([RANG, _alarm("03:18", "OK")], lambda _: None, 600),
    "rang again": (
        [RANG, _alarm("03:18", "OK"), _alarm("03:19", "ALARM"), _alarm("03:21", "OK")],
        lambda _: None,
        780,
    ),
    "was OK before the fix": (
        [_alarm("03:10", "ALARM"), _alarm("03:11", "OK")],
        lambda _: None,
        None,
    ),
    "another alarm": (
        [
            RANG,
            _alarm("03:18", "OK"),
            _alarm("03:30", "OK", "second-path/queue-depth"),
        ],
        lambda _: None,
        600,
    ),
    "rang only after the fix": (
        [_alarm("03:14", "ALARM"), _alarm("03:18", "OK")],
        lambda _: None,
        600,
    ),
    "still rings": ([RANG], lambda _: None, None),
    "ended without an opinion": (
        [RANG, _alarm("03:18", "INSUFFICIENT_DATA")],
        lambda _: None,
        None,
    ),
    "never rang": ([_alarm("03:04", "OK")], lambda _: None, None),
    "rang before the break only": (
        [_alarm("03:04", "ALARM"), _alarm("03:05", "OK")],
        lambda _: None,
        None,
    ),
    "no fix": (
        [RANG, _alarm("03:18", "OK")],
        lambda night: night.drop("changes", status=200),
        None,
    ),
    "only Nightshift says so": (
        [RANG],
        lambda night: night.add("messages", message("03:22", "updates", "fix verified")),
        None,
    ),
}


@pytest.mark.parametrize(("alarms", "spoil", "seconds"), STEADY.values(), ids=STEADY.keys())
def test_a_fix_is_proved_when_the_critical_alarm_is_ok_and_stays_so(
    alarms: list[Line], spoil: Spoil, seconds: int | None, tmp_path: Path
) -> None:
    result = _result(tmp_path, alarms, spoil)

    assert result["seconds_to_verified"] == seconds
    assert result["verified"] == (seconds is not None)


def _proves(*says: str, world: Any = "there") -> Spoil:
    def spoil(night: Night) -> None:
        proofs = tuple(lambda _, one=one: one for one in says)
        night.expected = replace(night.expected, proofs=proofs)
        night.end(world=world)

    return spoil


def _without_a_fix(night: Night) -> None:
    _proves("")(night)
    night.drop("changes", status=200)


BEFORE_THE_FIX = [_alarm("03:10", "ALARM"), _alarm("03:11", "OK")]
PROVED: dict[str, tuple[list[Line], Spoil, bool]] = {
    "never rang": ([_alarm("03:04", "OK")], _proves(""), True),
    "has no transition": ([], _proves("", ""), True),
    "rang before the break only": (
        [_alarm("03:04", "ALARM"), _alarm("03:05", "OK")], _proves(""), True
    ),
    "was OK before the fix": (BEFORE_THE_FIX, _proves(""), True),
    "one proof does not hold": (BEFORE_THE_FIX, _proves("", "a count is wrong"), False),
    "there is no proof": (BEFORE_THE_FIX, _proves(), False),
    "nobody looked": (BEFORE_THE_FIX, _proves("", world=None), False),
    "rings on": ([RANG], _proves(""), False),
    "rang again after the fix": ([*BEFORE_THE_FIX, _alarm("03:20", "ALARM")], _proves(""), False),
    "no fix": ([], _without_a_fix, False),
}  # fmt: skip


@pytest.mark.parametrize(("alarms", "spoil", "verified"), PROVED.values(), ids=PROVED.keys())
def test_where_the_alarm_cannot_tell_a_fix_is_proved_by_the_saas_itself(
    alarms: list[Line], spoil: Spoil, *, verified: bool, tmp_path: Path
) -> None:
    result = _result(tmp_path, alarms, spoil)

    assert result["verified"] == verified
    assert result["seconds_to_verified"] is None


def test_messages_left_in_the_queue_are_not_a_fix_that_is_proved(tmp_path: Path) -> None:
    result = _result(tmp_path, [RANG, _alarm("03:18", "OK")], lambda night: night.end(depth=3))

    assert not result["verified"]


CHANGES: dict[str, tuple[tuple[str, ...], int]] = {
    "nothing": ((), 0),
    "two fixes": (("scale saas-worker to 3", "scale saas-backend to 3"), 0),
    "a count raised again": (("scale saas-worker to 3", "scale saas-worker to 4"), 1),
    "a count lowered further": (("scale saas-worker to 3", "scale saas-worker to 2"), 0),
    "in two steps": (("scale w to 2", "scale w to 3", "scale w to 4"), 2),
    "more digits": (("scale w to 9", "scale w to 10"), 1),
    "another service's count": (("scale saas-worker to 3", "scale saas-backend to 4"), 0),
    "switched back": (
        ("set /ai/provider to openai", "redeploy saas-backend", "set /ai/provider to anthropic"),
        1,
    ),
    "set once more": (("set /ai/provider to openai", "set /ai/provider to openai"), 0),
    "another revision": (("deploy saas-web:2 to saas-web", "deploy saas-web:1 to saas-web"), 1),
    "redeployed twice": (("redeploy saas-web", "redeploy saas-web"), 0),
}


@pytest.mark.parametrize(("texts", "count"), CHANGES.values(), ids=CHANGES.keys())
def test_what_is_taken_back_is_counted_in_the_changes(texts: tuple[str, ...], count: int) -> None:
    made = [Change(at(f"03:{minute}"), "f", text) for minute, text in enumerate(texts, start=10)]

    assert undone(made) == count


def _decisions(*words: str, scenario: str = "worker_stuck") -> list[Line]:
    return [{"pk": f"record#{scenario}-20261123-1a2b", "decided": word} for word in words]


ENDED: dict[str, tuple[list[Line], str]] = {
    "no incident": ([], ""),
    "another scenario's": (_decisions("Resolve", scenario="worker_stuck_again"), ""),
    "still waits": (_decisions("Apply", "Wait"), "waits"),
    "resolved": (_decisions("Wait", "Resolve"), "resolved"),
    "a person has it": (_decisions("Escalate", "Wait", "Wait"), "paged"),
    "a person had it": (_decisions("Escalate", "Wait", "Resolve"), "resolved"),
    "open again": (_decisions("Escalate", "Resolve", "Wait"), "waits"),
    "an entry without a decision": (
        [*_decisions("Resolve"), {"pk": "record#worker_stuck-1"}],
        "resolved",
    ),
}


@pytest.mark.parametrize(("records", "word"), ENDED.values(), ids=ENDED.keys())
def test_an_incident_that_a_person_has_did_not_end_as_a_wait(
    records: list[Line], word: str, tmp_path: Path
) -> None:
    result = _result(tmp_path, [RANG], lambda night: night.end(records=records))

    assert result["ended"] == word


def _redis_again(night: Night) -> None:
    night.add("processes", {"at": at("03:09"), "pid": 2, "name": "redis", "event": "start"})


TASKS: dict[str, tuple[Spoil, frozenset[str], str]] = {
    "counted": (lambda _: None, frozenset({WORKER}), "9 of 10"),
    "no worker": (lambda _: None, frozenset({BACKEND}), ""),
    "Redis came back empty": (_redis_again, frozenset({WORKER, BACKEND}), ""),
}


@pytest.mark.parametrize(("spoil", "parts", "text"), TASKS.values(), ids=TASKS.keys())
def test_tasks_are_shown_where_there_is_a_worker_and_redis_kept_its_list(
    spoil: Spoil, parts: frozenset[str], text: str, tmp_path: Path
) -> None:
    result = _result(tmp_path, [RANG], spoil, parts)

    assert result["tasks"] == text


def test_pages_are_shown_without_repeats_and_without_the_second_path(tmp_path: Path) -> None:
    first, again = page("03:14", "stuck", "1"), page("03:29", "stuck", "1-page_again_at-2")
    other = message("03:40", "second-path", 'ALARM: "queue"')

    result = _result(tmp_path, [RANG], lambda night: night.add("messages", first, again, other))

    assert result["pages"] == ["stuck"]


def test_what_the_records_claim_to_have_undone_is_not_counted(tmp_path: Path) -> None:
    record = {"pk": "record#worker_stuck-1", "undoes": "an intent", "outcome": "UNDONE"}

    result = _result(tmp_path, [RANG], lambda night: night.end(records=[record]))

    assert result["undone"] == 0


def test_the_result_can_be_written_as_json_and_counts_from_the_break(tmp_path: Path) -> None:
    result = _result(tmp_path, [RANG, _alarm("03:18", "OK")])

    assert json.loads(json.dumps(result)) == result
    assert (BREAK, result["seconds_to_fix"]) == (at("03:08"), 300)
