"""What a draft reads out of a record: stretches, gaps, changes, and since when it was bad."""

from datetime import timedelta
from typing import Any

import pytest

from draft_records import BEGIN, applied, depths, entries, record
from patrol.timeline import Bad, beginnings, first_bad, gaps, stretches, tried

AT_LEAST = {"at_least": 100}


def ids(*records: dict[str, Any]) -> list[list[str]]:
    return [[entry.id for entry in stretch] for stretch in stretches(entries(records))]


def test_looks_that_waited_for_the_same_thing_stand_together() -> None:
    waits = [record(minute, why=f"{140 + minute} messages wait") for minute in range(3)]

    assert ids(*waits, record(3, "Resolve")) == [["000002", "000004", "000006"], ["000008"]]


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(record(1, why="another reason"), id="another reason"),
        pytest.param(record(1, verdict={"outcome": "VERIFIED", "why": "fell"}), id="a verdict"),
        pytest.param(record(1, refusal={"code": "mode", "reason": "off"}), id="a refusal"),
        pytest.param(record(1, "Escalate"), id="a page"),
        pytest.param(record(4), id="after a gap"),
    ],
)
def test_a_look_that_tells_something_stands_alone(other: dict[str, Any]) -> None:
    assert len(ids(record(0), other)) == 2


@pytest.mark.parametrize(
    ("minutes", "decided", "expected"),
    [
        pytest.param(3, "Wait", {}, id="two looks were missed"),
        pytest.param(17, "Wait", {"000036"}, id="nobody looked"),
        pytest.param(6, "Escalate", {}, id="a person has it and it is looked at each 5 min"),
        pytest.param(9, "Escalate", {"000020"}, id="nobody looked while a person had it"),
        pytest.param(30, "Resolve", {}, id="nothing was open"),
    ],
)
def test_a_gap_is_where_an_open_incident_was_not_looked_at(
    minutes: int, decided: str, expected: set[str]
) -> None:
    assert set(expected) == set(gaps(entries([record(0, decided), record(minutes)])))


def test_a_reopened_incident_is_looked_at_each_minute_again() -> None:
    told = [record(0, "Escalate"), record(1, "Resolve"), record(20), record(26)]

    assert [*gaps(entries(told))] == ["000054"]


def test_an_incident_begins_with_its_first_look_and_with_the_first_after_each_end() -> None:
    told = entries([record(0), record(1, "Resolve"), record(20), record(21), record(22, "Resolve")])

    assert [entry.id for entry in beginnings(told)] == ["000002", "000042"]
    assert [bool(entry.facts) for entry in told] == [True, False, True, False, False]


def test_nothing_began_where_there_is_no_record() -> None:
    assert beginnings(()) == []


def test_a_verdict_closes_every_applied_fix_and_no_undo() -> None:
    told = [
        *applied(0),
        *applied(1, intent="i-2", fix="switch"),
        record(2, verdict={"outcome": "FAILED", "why": "no better"}),
        *applied(3, intent="i-3", fix="switch_back", undoes="i-2"),
    ]

    one, two, three = tried(entries(told))

    assert (one.outcome, two.outcome, three.outcome) == ("FAILED", "UNDONE", "APPLIED")
    assert [text for _, text in two.steps] == [
        "intended: the worker is stuck",
        "APPLIED, request r-1",
        "FAILED: no better",
        "UNDONE by intent i-3",
    ]


def test_a_call_without_an_answer_has_no_outcome_until_there_is_one() -> None:
    intent, answer = applied(0)
    again = record(1, "Apply", "the worker is stuck", **intent_of(intent))

    (open_one,) = tried(entries([intent, again]))
    (known,) = tried(entries([intent, again, {**answer, "sk": "000009", "request_id": ""}]))

    assert (open_one.outcome, known.outcome) == ("", "APPLIED")
    assert [text.split(":")[0] for _, text in known.steps] == [
        "intended",
        "intended once more",
        "APPLIED, request id not known",
    ]


def intent_of(found: dict[str, Any]) -> dict[str, Any]:
    return {name: found[name] for name in ("intent", "fix", "resource")}


def test_a_verdict_on_one_call_leaves_the_fix_that_is_applied() -> None:
    refused = {"outcome": "FAILED", "why": "Throttled", "intent": "i-2"}
    told = [
        *applied(0),
        applied(1, intent="i-2", fix="redeploy")[0],
        record(2, "Escalate", verdict=refused),
    ]

    one, two = tried(entries(told))

    assert (one.outcome, two.outcome) == ("APPLIED", "FAILED")


def minutes_ago(count: int) -> Any:
    return BEGIN - timedelta(minutes=count)


@pytest.mark.parametrize(
    ("values", "bad", "expected"),
    [
        pytest.param((20, 100, 140), AT_LEAST, Bad(minutes_ago(2), whole=False), id="rose"),
        pytest.param((500, 20, 140), AT_LEAST, Bad(minutes_ago(1), whole=False), id="rose again"),
        pytest.param((100, 140), AT_LEAST, Bad(minutes_ago(2), whole=True), id="all of it"),
        pytest.param(
            (20, 140, 3), AT_LEAST, Bad(minutes_ago(2), whole=False), id="newest not whole"
        ),
        pytest.param((1, 0, 0), {"below": 1}, Bad(minutes_ago(2), whole=False), id="below"),
        pytest.param((20, 3, 4), AT_LEAST, None, id="never bad"),
        pytest.param((20, 140), {}, None, id="nobody said what is bad"),
        pytest.param((), AT_LEAST, None, id="no datapoint"),
    ],
)
def test_the_first_bad_datapoint_is_that_of_the_streak_that_leads_up_to_the_look(
    values: tuple[float, ...], bad: dict[str, float], expected: Bad | None
) -> None:
    (entry,) = entries([record(0, facts={"depth": depths(*values)})])

    assert expected == first_bad(entry, ["depth"], "", bad)


def test_a_rate_is_bad_by_its_percentage_of_the_minutes_that_had_requests() -> None:
    facts = {
        "requests": depths(200, 200, 0, 100),
        "target_5xx": depths(1, 8, 0, 4),
        "elb_5xx": depths(0, 4, 0, 2),
    }
    (entry,) = entries([record(0, facts=facts)])

    found = first_bad(entry, ["target_5xx", "elb_5xx"], "requests", {"at_least": 5})

    assert found == Bad(minutes_ago(3), whole=False)


def test_an_unknown_fact_shows_nothing() -> None:
    (entry,) = entries([record(0, facts={"depth": {"why": "CloudWatch did not answer"}})])

    assert first_bad(entry, ["depth"], "", AT_LEAST) is None
