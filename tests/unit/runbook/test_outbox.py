"""Messages as rows that sort by time, and as what SNS takes."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError
from hypothesis import given, settings
from hypothesis import strategies as st

from runbook.errors import TableError
from runbook.outbox import Message, Outbox, row
from worker_facts import NOW

MESSAGE = Message(
    kind="page",
    subject="[prod] worker_stuck saas-worker: PAGE it froze",
    body="it froze\n",
    scenario="worker_stuck",
    incident="worker_stuck-1",
    dedup="worker_stuck-1-000002-page",
)
TOPICS = {"page": "arn:aws:sns:x:1:pages", "update": "arn:aws:sns:x:1:updates"}


@dataclass
class FakeTable:
    """Keeps what was deleted."""

    error: Exception | None = None
    deleted: list[tuple[str, str]] = field(default_factory=list)

    def delete(self, pk: str, sk: str) -> None:
        if self.error:
            raise self.error
        self.deleted.append((pk, sk))


@dataclass
class FakeSns:
    """Keeps what was published, or raises."""

    error: Exception | None = None
    published: list[dict[str, Any]] = field(default_factory=list)

    def publish(self, **asked: Any) -> None:
        if self.error:
            raise self.error
        self.published.append(asked)


def test_a_row_is_keyed_by_time_and_message() -> None:
    item = row(MESSAGE, NOW)

    assert item == {
        "pk": "outbox",
        "sk": "2026-11-23T03:00:00.000Z#worker_stuck-1-000002-page",
        "schema": 1,
        "kind": "page",
        "subject": "[prod] worker_stuck saas-worker: PAGE it froze",
        "body": "it froze\n",
        "scenario": "worker_stuck",
        "incident": "worker_stuck-1",
        "dedup": "worker_stuck-1-000002-page",
    }


def test_rows_sort_by_time_whatever_they_are_about() -> None:
    late = row(replace(MESSAGE, dedup="a"), NOW + timedelta(milliseconds=1))
    early = row(replace(MESSAGE, dedup="z"), NOW)

    assert sorted([late["sk"], early["sk"]]) == [early["sk"], late["sk"]]


@pytest.mark.parametrize("kind", ["page", "update"])
def test_hands_a_message_to_the_topic_of_its_kind(kind: Any, stubbed: Any) -> None:
    sns, stub = stubbed("sns")
    names = {"kind": kind, "scenario": "worker_stuck", "incident": "worker_stuck-1"}
    attributes = {**names, "dedup": "worker_stuck-1-000002-page"}
    stub.add_response(
        "publish",
        {"MessageId": "m"},
        {
            "TopicArn": TOPICS[kind],
            "Subject": "[prod] worker_stuck saas-worker: PAGE it froze",
            "Message": "it froze\n",
            "MessageAttributes": {
                name: {"DataType": "String", "StringValue": value}
                for name, value in attributes.items()
            },
        },
    )
    table = FakeTable()
    item = row(replace(MESSAGE, kind=kind), NOW)

    why = Outbox(table, sns, TOPICS).send(item)

    assert why == ""
    assert table.deleted == [("outbox", item["sk"])]


def test_keeps_what_sns_refused(stubbed: Any) -> None:
    sns, stub = stubbed("sns")
    stub.add_client_error("publish", "KMSAccessDenied")
    table = FakeTable()

    why = Outbox(table, sns, TOPICS).send(row(MESSAGE, NOW))

    assert why.startswith("SNS refused 2026-11-23T03:00:00.000Z#worker_stuck-1")
    assert why.endswith(": KMSAccessDenied")
    assert table.deleted == []


def test_keeps_what_sns_did_not_answer_for() -> None:
    table, sns = FakeTable(), FakeSns(ReadTimeoutError(endpoint_url="https://sns"))

    why = Outbox(table, sns, TOPICS).send(row(MESSAGE, NOW))

    assert why.startswith("SNS did not answer for ")
    assert why.endswith(": ReadTimeoutError")
    assert table.deleted == []


def test_says_so_when_a_sent_message_stays_in_the_table() -> None:
    sns = FakeSns()

    why = Outbox(FakeTable(TableError("no table")), sns, TOPICS).send(row(MESSAGE, NOW))

    assert "is sent, and stays in the outbox: no table" in why
    assert len(sns.published) == 1


def published(**changes: Any) -> dict[str, Any]:
    sns = FakeSns()
    Outbox(FakeTable(), sns, TOPICS).publish(row(replace(MESSAGE, **changes), NOW))
    return sns.published[0]


@settings(deadline=None, database=None, print_blob=True)
@given(st.text(max_size=300))
def test_any_subject_is_one_ascii_line_of_fewer_than_100_characters(text: str) -> None:
    subject = published(subject=f"[prod] {text}")["Subject"]

    assert subject.isascii()
    assert subject.isprintable()
    assert 0 < len(subject) < 100


def test_shows_what_a_subject_cannot_show_as_a_question_mark() -> None:
    subject = published(subject="[prod] é\n\x1b[31m two")["Subject"]

    assert subject == "[prod] ? ?[31m two"


def test_cuts_a_subject_to_99_characters() -> None:
    subject = published(subject="~" * 300)["Subject"]

    assert subject == "~" * 99


def test_cuts_a_body_to_what_sns_takes() -> None:
    body = published(body="x" * 300_000)["Message"]

    assert len(body) == 200_000
