"""The draft as a person reads it: recorded timelines against golden files, and text that is only data."""

import importlib
import re
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

from draft_records import DUE, applied, draft, record
from patrol.chapters import CHAPTERS
from patrol.draft import owed, render
from patrol.markdown import code, shown

DRAFTS = Path(__file__).parent / "drafts"
ENTRY = {
    "sk": "i-1",
    "fix": "raise_memory",
    "resource": "ecs:saas-prod/saas-backend",
    "due_at": "2026-11-30T03:16:00.000Z",
    "revert": "aws ecs update-service --one\naws ecs describe-services --two",
}
VERIFIED = {"outcome": "VERIFIED", "why": "the queue fell from 420 to 140"}
NIGHTS: dict[str, tuple[list[dict[str, Any]], dict[str, Any]]] = {
    "redeployed_and_resolved": (
        [
            *(
                record(minute, why=f"{140 + 40 * minute} messages, a backlog")
                for minute in range(4)
            ),
            *applied(4),
            *(record(minute, why="the redeploy settles") for minute in range(6, 8)),
            record(8, why="the queue fell", verdict=VERIFIED),
            record(9, "Resolve", "short for 5 min"),
        ],
        {},
    ),
    "lost_event_gap_page_and_return": (
        [
            record(0, trigger="patrol: missed alarm", facts={"depth": {"why": "no answer"}}),
            record(17, "Escalate", "blind: no answer, 3 looks in a row"),
            record(22, "Resolve", "short for 5 min"),
            record(40, "Apply", "the worker is stuck", intent="i-1", fix="redeploy", resource="r"),
            record(
                41, "Escalate", "not applied", refusal={"code": "busy", "reason": "a deployment"}
            ),
        ],
        {"ledger": (ENTRY,), "whole": False},
    ),
    "no_record": ([], {}),
}


@pytest.mark.parametrize("night", NIGHTS)
def test_a_recorded_night_becomes_the_written_draft(night: str) -> None:
    records, changes = NIGHTS[night]

    assert (DRAFTS / f"{night}.md").read_text() == render(draft(records, **changes))


def items(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith(("- ", "  - "))]


@pytest.mark.parametrize("night", NIGHTS)
def test_every_line_names_its_source(night: str) -> None:
    records, changes = NIGHTS[night]
    lines = items(render(draft(records, **changes)))
    evidence = [line for line in lines if line.startswith("  - ") and "(record" not in line]

    named = [
        line for line in lines if re.search(r"records? \d{6}|\((runbook|ledger|intent) ?", line)
    ]
    gaps = [line for line in lines if "no record" in line or "the record is longer" in line]
    assert [line for line in lines if line not in named + gaps] == evidence
    assert {line.split(":")[0] for line in evidence} <= {"  - queue", "  - alarms"}


@pytest.mark.parametrize(
    ("trigger", "expected"),
    [
        pytest.param("patrol: missed alarm", "event was lost", id="lost event"),
        pytest.param(DUE, "first look left no record", id="dead first look"),
        pytest.param("by hand: users complain", "a person was first", id="by hand"),
        pytest.param("ECS: a task of service:x in y: Essential", "another event was", id="ECS"),
        pytest.param("alarm x went to ALARM", "came by itself", id="alarm"),
    ],
)
def test_the_draft_says_how_the_first_look_came_about(trigger: str, expected: str) -> None:
    assert expected in render(draft([record(0, trigger=trigger)]))


def test_an_alarm_that_came_long_after_the_first_bad_datapoint_was_late() -> None:
    bad = [{"at": f"2026-11-23 03:{minute:02}:00+00:00", "value": 200} for minute in range(2, 14)]
    good = {"at": "2026-11-23 03:01:00+00:00", "value": 3}

    text = render(draft([record(0, facts={"depth": [good, *bad]})]))

    assert "**late**: 12 min from the first bad datapoint of 2026-11-23 03:02" in text


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [("APPLIED", True), ("FAILED", False)],
    ids=["applied", "refused by AWS"],
)
def test_what_a_fix_leaves_to_do_is_owed_only_where_it_was_applied(
    outcome: str, *, expected: bool
) -> None:
    told = draft(applied(0, outcome))

    assert expected == any("sweep" in one for one in owed(told))


def test_a_scenario_that_is_not_in_the_table_gets_its_draft_all_the_same() -> None:
    assert "# Post-mortem draft: new on x" in render(draft([record(0)], scenario="new", target="x"))


HOSTILE = [
    "<script>alert(1)</script>",
    "[click](https://example.com)",
    "![x](https://example.com/x.png)",
    "# heading\n\n- item\n\n---",
    "`code` **bold** _it_ ~~no~~ <https://example.com>",
    "a | b\n--|--\n1 | 2",
    "&lt;b&gt; $x$",
    "back\\slash \\` <!-- -->",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_text_of_the_world_is_shown_as_it_is_and_is_never_markdown(text: str) -> None:
    (_, inline, _) = MarkdownIt("gfm-like", {"linkify": False}).parse(f"x: {shown(text)}")

    assert {child.type for child in inline.children or []} <= {"text", "text_special"}
    assert (
        "".join(child.content for child in inline.children or []) == f"x: {' '.join(text.split())}"
    )


def test_a_record_of_hostile_text_makes_the_same_headings_as_one_of_plain_text() -> None:
    seen = {"queue": HOSTILE[3], "alarms": HOSTILE[0]}
    told = [
        record(0, why=HOSTILE[1], trigger=HOSTILE[2], seen=seen),
        record(1, "Escalate", HOSTILE[4]),
    ]
    plain = [record(0), record(1, "Escalate")]

    assert kinds(render(draft(told))) <= kinds(render(draft(plain)))


def kinds(text: str) -> set[tuple[str, str]]:
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(text)
    flat = [child for one in tokens for child in (one, *(one.children or []))]
    headings = {
        ("heading", one.content) for one in tokens if one.type == "inline" and one.level == 1
    }
    names = {(one.type, "") for one in flat} - {("text_special", "")}
    return names | {(kind, text) for kind, text in headings if text in TITLES}


TITLES = {"Impact", "Timeline", "Evidence", "What was tried"}


def test_code_cannot_be_ended_by_what_is_in_it() -> None:
    assert code("a`b") == "`a'b`"


@pytest.mark.parametrize("scenario", [name for name, one in CHAPTERS.items() if one.symptom])
def test_the_symptom_of_each_scenario_is_among_its_facts(scenario: str) -> None:
    facts = importlib.import_module(f"{scenario}.checks").Facts
    chapter = CHAPTERS[scenario]

    assert {*chapter.symptom, chapter.of} - {""} <= {*facts.__dataclass_fields__}


def test_a_rollback_by_hand_owes_what_its_own_fix_leaves_behind() -> None:
    asked = "by hand: the release is bad"
    told = [{**one, "trigger": asked, "facts": "{}"} for one in applied(0, fix="rollback_frontend")]

    text = render(draft([*told, record(5, "Resolve", "it is proved")], scenario="rollback", bad={}))

    assert f"**a person was first**, no alarm had come: {asked}" in text
    assert "promote the repaired release in Vercel" in text
    assert "hold the next pipeline run" not in text
