"""The judge on what people got: pages, updates, the second path, and the dead letters."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from evidence import Spoil, attempt, letter, message, repaired, says_only, watched

MESSAGES: dict[str, tuple[Any, str, Spoil]] = {
    "page missing": (
        watched,
        "no page says 'is observe'",
        lambda night: night.drop("messages", topic="nightshift-prod-pages"),
    ),
    "page only as an update": (
        watched,
        "no page says 'is observe'",
        lambda night: night.change(
            "messages", {"subject": "the mode is observe"}, topic="nightshift-prod-updates"
        ),
    ),
    "update missing": (
        repaired,
        "no update says 'fix verified'",
        lambda night: night.drop("messages", subject="fix verified"),
    ),
    "second path silent": (
        watched,
        "no message on the second path says 'queue-depth'",
        lambda night: night.drop("messages", topic="nightshift-prod-second-path"),
    ),
    "second path says OK": (
        watched,
        "no message on the second path says 'queue-depth'",
        lambda night: night.change(
            "messages", {"topic": "nightshift-prod-second-path"}, subject="OK: queue-depth"
        ),
    ),
    "paged without need": (
        repaired,
        "paged without need: ['help']",
        lambda night: night.add("messages", message("03:20", "pages", "help")),
    ),
    "paged before the break": (
        repaired,
        "paged without need: ['help']",
        lambda night: night.add("messages", message("03:01", "pages", "help")),
    ),
    "paged in an environment with dashes": (
        repaired,
        "paged without need: ['help']",
        lambda night: night.add(
            "messages", message("03:20", "pages", "help", "nightshift-example-us-east-1")
        ),
    ),
}


@pytest.mark.parametrize(("night", "sentence", "spoil"), MESSAGES.values(), ids=MESSAGES.keys())
def test_messages_count_where_and_when_they_arrived(
    night: Any, sentence: str, spoil: Spoil, tmp_path: Path
) -> None:
    made = night()

    spoil(made)

    says_only(sentence, made, tmp_path)


def test_an_update_may_not_have_a_text_that_is_ruled_out(tmp_path: Path) -> None:
    night = repaired()
    night.expected = replace(night.expected, unsaid=("unknown:",))

    night.add(
        "messages", {**message("03:20", "updates", "report"), "body": "redis\n  unknown: why"}
    )

    says_only("an update says 'unknown:'", night, tmp_path)


@pytest.mark.parametrize(
    "line",
    [message("03:01", "updates", "unknown: why"), message("03:20", "second-path", "unknown: why")],
    ids=["before the break", "elsewhere"],
)
def test_what_is_ruled_out_may_be_said_elsewhere(line: dict[str, Any], tmp_path: Path) -> None:
    night = repaired()
    night.expected = replace(night.expected, unsaid=("unknown:",))

    night.add("messages", line)

    assert night.judged(tmp_path).why == []


LETTERS: dict[str, tuple[str, Spoil]] = {
    "missing": (
        "1 events were given up and are not in the dead letters",
        lambda night: night.add(
            "invocations",
            attempt("03:14", "lost", ok=False),
            attempt("03:15", "lost", ok=False, number=2),
        ),
    ),
    "of an event that went well": (
        "1 dead letters are of no event that was given up",
        lambda night: night.end(dead_letters=[letter("one")]),
    ),
    "of no invocation": (
        "1 dead letters are of no event that was given up",
        lambda night: night.end(dead_letters=[{"detail-type": "an event that no rule delivered"}]),
    ),
    "twice": (
        "1 dead letters are of no event that was given up",
        lambda night: (
            night.add(
                "invocations",
                attempt("03:14", "lost", ok=False),
                attempt("03:15", "lost", ok=False, number=2),
            ),
            night.end(dead_letters=[letter("lost"), letter("lost")]),
        )[0],
    ),
}


@pytest.mark.parametrize(("sentence", "spoil"), LETTERS.values(), ids=LETTERS.keys())
def test_dead_letters_are_the_events_given_up_and_no_other(
    sentence: str, spoil: Spoil, tmp_path: Path
) -> None:
    night = repaired()
    night.expected = replace(night.expected, dead_letters=None)

    spoil(night)

    says_only(sentence, night, tmp_path)


GIVEN_UP: dict[str, tuple[int | None, list[str]]] = {
    "nobody expects it": (0, ["1 events were given up, expected 0"]),
    "more are expected": (2, ["1 events were given up, expected 2"]),
    "as many as expected": (1, []),
    "of no matter": (None, []),
}


@pytest.mark.parametrize(("expected", "why"), GIVEN_UP.values(), ids=GIVEN_UP.keys())
def test_as_many_events_are_given_up_as_the_case_expects(
    expected: int | None, why: list[str], tmp_path: Path
) -> None:
    night = repaired()
    night.expected = replace(night.expected, dead_letters=expected)

    night.add("invocations", attempt("03:14", "lost", ok=False))
    night.add("invocations", attempt("03:15", "lost", ok=False, number=2))
    night.end(dead_letters=[letter("lost")])

    assert why == night.judged(tmp_path).why


def test_an_event_that_failed_once_is_not_given_up_yet(tmp_path: Path) -> None:
    night = repaired()

    night.add("invocations", attempt("03:23", "again", ok=False))

    assert night.judged(tmp_path).ok
