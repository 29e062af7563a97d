"""The judge on calls, permissions, deliveries and the evidence itself."""

from pathlib import Path
from typing import Any

import pytest

from evidence import OWN, SERVICE, Spoil, at, call, repaired, watched


@pytest.mark.parametrize(
    ("service", "operation", "status"),
    [
        ("ecs", "StopTask", 200),
        ("ecs", "StopTask", 400),
        ("ecr", "PutImage", 200),
        ("ssm", "PutParameter", 200),
        ("rds", "RebootDBInstance", 200),
        ("lambda", "POST /2015-03-31/functions", 200),
        ("monitoring", "DisableAlarmActions", 200),
    ],
)
def test_a_write_that_no_fix_makes_is_red(
    service: str, operation: str, status: int, tmp_path: Path
) -> None:
    night = watched()

    night.add("aws-calls", call("03:13", operation, service=service, status=status))

    evidence = night.judged(tmp_path)
    assert [f"writes that no fix makes: ['{service} {operation} on {SERVICE}']"] == evidence.why
    assert not evidence.ok


@pytest.mark.parametrize(
    ("service", "operation", "target"),
    [
        ("dynamodb", "TransactWriteItems", OWN[0]),
        ("dynamodb", "UpdateItem", f"{OWN[0]}/index/due"),
        ("s3", "PUT /drafts/post-mortems/one.md", f"{OWN[1]}/one.md"),
        ("dynamodb", "BatchGetItem", "another table"),
        ("logs", "FilterLogEvents", "a group"),
        ("s3", "GET /bucket/key", "arn:aws:s3:::bucket/key"),
    ],
    ids=["own", "below its own", "in its own bucket", "read", "read of many", "read of a bucket"],
)
def test_reads_and_writes_to_what_is_nightshifts_own_are_no_foreign_writes(
    service: str, operation: str, target: str, tmp_path: Path
) -> None:
    night = watched()

    night.add("aws-calls", call("03:13", operation, service=service, target=target))

    assert night.judged(tmp_path).ok


@pytest.mark.parametrize(
    ("service", "operation", "target"),
    [
        ("dynamodb", "PutItem", f"{OWN[0]}-of-somebody"),
        ("dynamodb", "PutItem", OWN[0].replace("111122223333", "444455556666")),
        ("s3", "PUT /assets/one.md", "arn:aws:s3:::assets/one.md"),
        ("s3", "DELETE /drafts/other/one.md", "arn:aws:s3:::drafts/other/one.md"),
        ("sns", "Publish", "arn:aws:sns:me-south-1:111122223333:their-orders"),
        ("sqs", "SendMessage", "arn:aws:sqs:me-south-1:111122223333:their-orders"),
        ("events", "PutEvents", "arn:aws:events:me-south-1:111122223333:event-bus/theirs"),
        (
            "lambda",
            "POST /2015-03-31/functions/theirs/invocations",
            "arn:aws:lambda:me-south-1:111122223333:function:theirs",
        ),
        ("dynamodb", "PutItem", ""),
    ],
    ids=[
        "a name that begins alike", "another account", "another bucket", "beside the drafts", "a topic",
        "a queue", "a bus", "a function", "target not known",
    ],
)  # fmt: skip
def test_a_write_to_what_is_not_nightshifts_own_is_red_whatever_the_service(
    service: str, operation: str, target: str, tmp_path: Path
) -> None:
    night = watched()

    night.add("aws-calls", call("03:13", operation, service=service, target=target))

    evidence = night.judged(tmp_path)
    assert [f"writes that no fix makes: ['{service} {operation} on {target}']"] == evidence.why
    assert not evidence.ok


REFUSED: dict[str, tuple[str, Spoil]] = {
    "the embedded AWS lacks a call": (
        "unsupported: the embedded AWS lacks it",
        lambda night: night.add(
            "unsupported", {"at": at("03:12"), "why": "the embedded AWS lacks it"}
        ),
    ),
    "an operation outside the table": (
        "unsupported: ecs.StopTask",
        lambda night: night.add("guard", {"function": "f", "unsupported": "ecs.StopTask"}),
    ),
    "denied": (
        "denied by IAM: sns:Publish on a topic",
        lambda night: night.add(
            "guard", {"function": "f", "denied": "sns:Publish", "resource": "a topic"}
        ),
    ),
    "a rule that may not call its function": (
        "not delivered: patrol to f: the policy does not let it",
        lambda night: night.add(
            "deliveries", {"rule": "patrol", "to": "f", "why": "the policy does not let it"}
        ),
    ),
    "a disabled rule": (
        "not delivered: patrol to its targets: disabled",
        lambda night: night.add("deliveries", {"rule": "patrol", "to": "", "why": "disabled"}),
    ),
    "an alarm whose topic refuses it": (
        "not delivered: depth to pages: a policy refuses",
        lambda night: night.add(
            "deliveries", {"alarm": "depth", "to": "pages", "why": "a policy refuses"}
        ),
    ),
    "a log that the role may not write": (
        "not delivered: a log line to a group: the role may not write logs",
        lambda night: night.add(
            "deliveries", {"to": "a group", "why": "the role may not write logs"}
        ),
    ),
}


@pytest.mark.parametrize(("sentence", "spoil"), REFUSED.values(), ids=REFUSED.keys())
def test_whatever_was_refused_or_missing_is_red(
    sentence: str, spoil: Spoil, tmp_path: Path
) -> None:
    night = watched()

    spoil(night)

    evidence = night.judged(tmp_path)
    assert [sentence] == evidence.why
    assert not evidence.ok


@pytest.mark.parametrize("file", ["aws-calls", "invocations", "processes", "messages", "alarms"])
@pytest.mark.parametrize("how", ["absent", "empty"])
def test_nothing_is_proved_where_evidence_was_not_written(
    file: str, how: str, tmp_path: Path
) -> None:
    night = watched()

    if how == "absent":
        del night.files[file]
    else:
        night.files[file] = []

    assert f"{file}.jsonl is empty: there is no evidence" in night.judged(tmp_path).why


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("in_time", False, "the expected end did not come in time"),
        ("outbox", 2, "2 messages were left unsent"),
        ("records", [], "no record says 'redeploy applied'"),
    ],
    ids=["too late", "unsent", "no record"],
)
def test_the_end_of_the_stage_is_judged_too(
    field: str, value: Any, sentence: str, tmp_path: Path
) -> None:
    night = repaired()

    night.end(**{field: value})

    evidence = night.judged(tmp_path)
    assert [sentence] == evidence.why
    assert not evidence.ok


def test_every_sentence_is_kept_and_none_twice(tmp_path: Path) -> None:
    night = repaired()

    night.drop("aws-calls", operation="UpdateService")
    night.add("unsupported", {"at": at("03:12"), "why": "x"}, {"at": at("03:13"), "why": "x"})

    assert night.judged(tmp_path).why == ["unsupported: x", "0 redeploys reached ECS, expected 1"]
