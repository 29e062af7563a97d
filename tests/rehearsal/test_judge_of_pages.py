"""The judge on pages and incidents: each that comes is one that the case expects, and none is missing."""

from dataclasses import replace
from pathlib import Path

import pytest

from evidence import INCIDENT, Line, Night, message, page, says_only, watched
from rehearsal.cases.case import Page


def _pages(night: Night, *expected: Page) -> None:
    night.drop("messages", topic="nightshift-prod-pages")
    night.expected = replace(night.expected, pages=expected)


NEEDLESS: dict[str, tuple[tuple[Line, ...], list[str]]] = {
    "the same text once more": (
        (page("03:12", "it is stuck", "a-02-page"), page("03:14", "it is stuck", "a-04-page")),
        ["paged without need: ['it is stuck']"],
    ),
    "of another incident": (
        (
            page("03:12", "it is stuck", "a-02-page"),
            page("03:14", "5xx go on", "b-02-page", incident="backend_5xx-1"),
        ),
        ["paged without need: ['5xx go on']"],
    ),
    "marked as a repeat of what nobody was told": (
        (
            page("03:12", "it is stuck", "a-02-page"),
            page("03:27", "5xx go on", "a-page_again_at-202611230327"),
        ),
        ["paged without need: ['5xx go on']"],
    ),
    "a repeat that says more": (
        (
            page("03:12", "it is stuck", "a-02-page"),
            page("03:27", "it is stuck", "a-page_again_at-202611230327", body="and another thing"),
        ),
        ["paged without need: ['it is stuck']"],
    ),
    "a repeat of another incident": (
        (
            page("03:12", "it is stuck", "a-02-page"),
            page("03:27", "it is stuck", "b-page_again_at-202611230327", incident="backend_5xx-1"),
        ),
        ["paged without need: ['it is stuck']"],
    ),
    "an alarm of CloudWatch's rings twice": (
        (message("03:12", "pages", "it is stuck"), message("03:14", "pages", "it is stuck")),
        ["paged without need: ['it is stuck']"],
    ),
    "another one instead": (
        (page("03:12", "5xx go on", "a-02-page"),),
        ["no page says 'is stuck'", "paged without need: ['5xx go on']"],
    ),
}


@pytest.mark.parametrize(("pages", "why"), NEEDLESS.values(), ids=NEEDLESS.keys())
def test_every_page_must_be_one_that_the_case_expects(
    pages: tuple[Line, ...], why: list[str], tmp_path: Path
) -> None:
    night = watched()
    _pages(night, ("is stuck",))

    night.add("messages", *pages)

    assert why == night.judged(tmp_path).why


def test_a_page_from_before_the_break_is_needless_and_not_the_one_that_is_missing(
    tmp_path: Path,
) -> None:
    night = watched()

    night.change("messages", {"subject": "the mode is observe"}, at="2026-11-23T03:07")

    assert night.judged(tmp_path).why == [
        "no page says 'is observe'",
        "paged without need: ['the mode is observe']",
    ]


REPEATED: dict[str, Line] = {
    "by patrol": page("03:27", "it is stuck", "a-page_again_at-202611230327"),
    "by patrol, overdue": page("03:27", "it is stuck", "a-overdue_page_at-202611230327"),
    "by SNS": page("03:13", "it is stuck", "a-02-page"),
}


@pytest.mark.parametrize("again", REPEATED.values(), ids=REPEATED.keys())
def test_a_page_that_only_repeats_one_is_no_page_of_its_own(again: Line, tmp_path: Path) -> None:
    night = watched()
    _pages(night, ("is stuck",))

    night.add("messages", page("03:12", "it is stuck", "a-02-page"), again)

    assert night.judged(tmp_path).ok


def test_all_texts_of_a_page_must_be_in_one_and_the_same(tmp_path: Path) -> None:
    night = watched()
    _pages(night, ("is stuck", "aws ecs"), ("5xx",))

    night.add("messages", page("03:12", "it is stuck", "a-02-page"))
    night.add("messages", page("03:14", "5xx: aws ecs", "b-02-page"))

    assert night.judged(tmp_path).why == [
        "no page says 'is stuck' and 'aws ecs'",
        "paged without need: ['it is stuck']",
    ]


def test_two_pages_of_one_text_are_two_that_the_case_expects(tmp_path: Path) -> None:
    night = watched()
    _pages(night, ("rings",), ("rings",))

    night.add("messages", message("03:12", "pages", "it rings"))

    says_only("no page says 'rings'", night, tmp_path)


OTHERS = "record#backend_5xx-20261123-0313-3c4d"


@pytest.mark.parametrize(
    ("records", "others", "why"),
    [
        ([INCIDENT, OTHERS], ("backend_5xx",), []),
        (
            [INCIDENT, OTHERS],
            (),
            ["incidents of other scenarios: ['backend_5xx'], expected []"],
        ),
        (
            [INCIDENT],
            ("backend_5xx",),
            ["incidents of other scenarios: [], expected ['backend_5xx']"],
        ),
        (
            [OTHERS, OTHERS, f"{OTHERS}2"],
            ("backend_5xx",),
            [
                "incidents of other scenarios: ['backend_5xx', 'backend_5xx'], expected ['backend_5xx']"
            ],
        ),
        (
            [INCIDENT, f"{INCIDENT}2"],
            (),
            ["2 incidents of worker_stuck, where one is open and joined"],
        ),
    ],
    ids=["as expected", "one too many", "one too few", "two of one", "two of its own"],
)
def test_incidents_are_the_cases_own_and_those_it_names(
    records: list[str], others: tuple[str, ...], why: list[str], tmp_path: Path
) -> None:
    night = watched()

    night.expected = replace(night.expected, others=others)
    night.end(records=[{"pk": pk, "decided": "Wait", "why": ""} for pk in records])

    assert why == night.judged(tmp_path).why
