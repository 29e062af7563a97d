"""A page says why, what was done and what to type next; the world's text cannot write into it."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook.model import Escalate, Outcome, Resolve, Status, Verdict, Wait
from runbook.outbox import Message
from runbook.tell import Teller, quote, worth_an_update
from worker_facts import NOW, attempt, incident

TELLER = Teller("prod", "me-south-1", "nightshift-prod", "/nightshift/prod/switch")
SEEN = {"queue": "200 240 280 messages, last 5 min", "alarms": "queue-depth ALARM"}


def lines(message: Message) -> dict[str, str]:
    """Return the body's lines by their first word."""
    return {
        line.split(" ", 1)[0]: line for line in message.body.splitlines() if line and line[0] != " "
    }


def page(decision: Escalate | None = None, *attempts: Any) -> Message:
    return TELLER.page(
        incident(*attempts), decision or Escalate("it froze", "type this"), SEEN, NOW
    )


def test_a_page_says_why_what_was_done_and_what_to_type_next() -> None:
    message = page(Escalate("it froze again", "first this\nthen that"), attempt(Outcome.FAILED))

    assert message.kind == "page"
    assert message.subject == "[prod] worker_stuck saas-worker: PAGE it froze again"
    assert message.body == (
        "worker_stuck on saas-worker: a person is needed.\n"
        "\n"
        "Why      it froze again\n"
        "Done     redeploy at 02:50 UTC: FAILED\n"
        "Next     first this\n"
        "         then that\n"
        "\n"
        "Seen\n"
        "  queue        200 240 280 messages, last 5 min\n"
        "  alarms       queue-depth ALARM\n"
        "\n"
        "Incident worker_stuck-20261123-0255-7f3a, opened 2026-11-23 02:55 UTC, 1 trigger(s), "
        "now 03:00 UTC\n"
        "Record   aws dynamodb query --region me-south-1 --table-name nightshift-prod "
        "--key-condition-expression 'pk = :i' --expression-attribute-values "
        """'{":i":{"S":"record#worker_stuck-20261123-0255-7f3a"}}'\n"""
        "Stop all aws ssm put-parameter --region me-south-1 --name /nightshift/prod/switch "
        "--value off --overwrite\n"
    )


@pytest.mark.parametrize(
    ("attempts", "done"),
    [
        pytest.param((), "Done     nothing was changed", id="nothing"),
        pytest.param(
            (attempt(None, minutes=1),),
            "Done     redeploy at 02:59 UTC: answer not known",
            id="a call without an answer",
        ),
        pytest.param(
            (attempt(Outcome.VERIFIED, minutes=50), attempt(Outcome.REFUSED, minutes=1)),
            "Done     redeploy at 02:10 UTC: VERIFIED; redeploy at 02:59 UTC: REFUSED",
            id="two",
        ),
    ],
)
def test_a_page_lists_every_attempt(attempts: tuple[Any, ...], done: str) -> None:
    message = page(None, *attempts)

    assert done == lines(message)["Done"]


def test_a_page_without_a_proposal_says_so() -> None:
    message = page(Escalate("blind"))

    assert lines(message)["Next"] == (
        "Next     nothing to type is known to help; look at the target yourself"
    )


def test_copies_of_a_message_are_told_by_incident_version_and_kind() -> None:
    message = page()

    assert message.dedup == "worker_stuck-20261123-0255-7f3a-000004-page"
    assert (message.scenario, message.incident) == ("worker_stuck", incident().id)


def test_an_update_on_a_fix_says_what_was_done_and_how_it_is_undone() -> None:
    done = attempt(request_id="r-1")

    message = TELLER.applied(incident(done), done, "redeploy it", "none needed", SEEN, NOW)

    assert message.kind == "update"
    assert message.subject.endswith(": redeploy applied")
    assert "its effect is not proved yet" in message.body
    assert lines(message)["Did"] == "Did      redeploy it  (request r-1)"
    assert lines(message)["Undo"] == "Undo     none needed"


def test_an_update_on_a_fix_whose_answer_was_lost_says_so() -> None:
    message = TELLER.applied(incident(), attempt(), "redeploy it", "none", SEEN, NOW)

    assert lines(message)["Did"] == "Did      redeploy it  (request id unknown)"


@pytest.mark.parametrize(
    ("decision", "subject", "first"),
    [
        pytest.param(
            Resolve("short for 5 min"),
            "resolved",
            "worker_stuck on saas-worker: resolved.",
            id="the end",
        ),
        pytest.param(
            Wait("it fell", verdict=Verdict(Outcome.VERIFIED, "it fell")),
            "fix verified",
            "worker_stuck on saas-worker: the fix is verified; watching until the symptom is gone.",
            id="proved",
        ),
        pytest.param(
            Wait("other", verdict=Verdict(Outcome.SUPERSEDED, "other")),
            "fix superseded",
            "worker_stuck on saas-worker: the world has changed since the fix: "
            "it is neither judged nor repeated.",
            id="superseded",
        ),
    ],
)
def test_an_update_on_an_end_says_which_end(decision: Any, subject: str, first: str) -> None:
    message = TELLER.ended(incident(), decision, ("one may be lost",), SEEN, NOW)

    assert message.subject.endswith(f": {subject}")
    assert first == message.body.splitlines()[0]
    assert lines(message)["Note"] == "Note     one may be lost"


def test_a_recurring_fix_is_a_page() -> None:
    message = TELLER.recurring(incident(), attempt(), SEEN, NOW)

    assert message.kind == "page"
    assert message.subject.endswith("PAGE recurring: redeploy helped twice in 24 h")


NASTY = [
    pytest.param("a\nPage: call 555\r\nb", "a Page: call 555 b", id="newlines"),
    pytest.param("a\x1b[31mred\x1b[0m", "a?[31mred?[0m", id="ANSI escapes"),
    pytest.param("a\x00\x07\x7fb", "a???b", id="control characters"),
    pytest.param("a\u202eb\u200bc", "a?b?c", id="invisible ones"),
    pytest.param("a\u2028b\u2029c\x85d", "a b c d", id="other line ends"),
    pytest.param("  a \t b  ", "a b", id="blanks"),
    pytest.param("x" * 300, "x" * 300, id="300 characters"),
    pytest.param("x" * 301, "x" * 297 + "...", id="301 characters"),
    pytest.param("é€", "é€", id="letters of any language"),
]


@pytest.mark.parametrize(("text", "line"), NASTY)
def test_quotes_the_world_in_one_printable_line(text: str, line: str) -> None:
    assert line == quote(text)


@settings(deadline=None, database=None, print_blob=True, max_examples=200)
@given(st.text(max_size=400))
def test_no_text_of_the_world_adds_a_line_to_a_page(text: str) -> None:
    usual = page()

    message = TELLER.page(
        incident(), Escalate(text, "type this"), {"queue": text, "alarms": text}, NOW
    )

    assert len(usual.body.splitlines()) == len(message.body.splitlines())
    assert all(character.isprintable() for line in message.body.splitlines() for character in line)
    assert message.subject.isprintable()


def test_a_line_of_10_000_characters_is_cut() -> None:
    message = page(Escalate("x" * 10_000))

    assert max(len(line) for line in message.body.splitlines()) < 400


@pytest.mark.parametrize(
    ("decision", "about", "expected"),
    [
        pytest.param(Resolve("r"), incident(), False, id="it cleared by itself, nobody was told"),
        pytest.param(Resolve("r"), incident(attempt()), True, id="a fix was applied"),
        pytest.param(Resolve("r"), incident(status=Status.ESCALATED), True, id="a person has it"),
        pytest.param(Resolve("r"), incident(page={"subject": "s"}), True, id="somebody was paged"),
        pytest.param(Wait("w"), incident(attempt()), False, id="a wait"),
        pytest.param(
            Wait("w", verdict=Verdict(Outcome.VERIFIED, "v")), incident(), True, id="a proof"
        ),
        pytest.param(
            Wait("w", verdict=Verdict(Outcome.SUPERSEDED, "v")), incident(), True, id="superseded"
        ),
        pytest.param(
            Wait("w", verdict=Verdict(Outcome.FAILED, "v")), incident(), False, id="failed: a page"
        ),
    ],
)
def test_tells_only_what_is_news(decision: Any, about: Any, expected: bool) -> None:
    assert expected is worth_an_update(about, decision)
