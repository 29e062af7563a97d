"""Hand-made nights: the evidence that a case leaves, all of it as it must be, for tests to spoil."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rehearsal.cases.case import Evidence, Expected
from rehearsal.judge import Ended, judge

Line = dict[str, Any]
Spoil = Callable[["Night"], None]

PREFIX = "nightshift-prod"
FUNCTION = f"{PREFIX}-worker-stuck"
SERVICE = "arn:aws:ecs:me-south-1:111122223333:service/saas-prod/saas-worker"
INCIDENT = "record#worker_stuck-20261123-0312-1a2b"
ALARM = "worker_stuck/queue-depth"
OLD, NEW = 11, 22
"""Process ids of the worker that is broken and of the one that replaces it."""


def at(clock: str) -> str:
    """Return the moment of a time of day, as the journal writes moments."""
    return f"2026-11-23T{clock}:00.000+00:00"


BREAK = at("03:08")
OWN = (
    "arn:aws:dynamodb:me-south-1:111122223333:table/nightshift-prod",
    "arn:aws:s3:::drafts/post-mortems",
)
"""What Nightshift may write; in a case it is more."""


def call(clock: str, operation: str, **other: Any) -> Line:
    """Return a line of aws-calls.jsonl."""
    line = {"function": FUNCTION, "service": "ecs", "target": SERVICE, "status": 200}
    return {"at": at(clock), "operation": operation, **line, **other}


def worker(clock: str, pid: int, event: str, **other: Any) -> Line:
    """Return a line of processes.jsonl."""
    return {"at": at(clock), "pid": pid, "name": f"worker {pid:08}", "event": event, **other}


def attempt(clock: str, request: str, *, ok: bool, number: int = 1) -> Line:
    """Return a line of invocations.jsonl."""
    line = {"function": FUNCTION, "request_id": request, "ok": ok, "attempt": number}
    return {"at": at(clock), **line}


def transition(clock: str, before: str, after: str, alarm: str = ALARM) -> Line:
    """Return a line of alarms.jsonl."""
    return {"at": at(clock), "name": f"{PREFIX}/{alarm}", "before": before, "after": after}


def message(clock: str, topic: str, subject: str, prefix: str = PREFIX) -> Line:
    """Return a line of messages.jsonl."""
    return {"at": at(clock), "topic": f"{prefix}-{topic}", "subject": subject, "body": "said so"}


def page(clock: str, subject: str, dedup: str, **other: Any) -> Line:
    """Return a page of Nightshift's in messages.jsonl; CloudWatch's own have no ``dedup``."""
    ours = {"incident": "worker_stuck-20261123-0312-1a2b", "dedup": dedup}
    return {**message(clock, "pages", subject), **ours, **other}


def letter(request: str) -> Line:
    """Return what Lambda puts into the dead letters."""
    return {"requestContext": {"requestId": request}}


def _has(line: Line, wanted: Line) -> bool:
    return all(line.get(name) == value for name, value in wanted.items())


@dataclass
class Night:
    """One case's evidence.

    Attributes:
        files: lines by file name.
        expected: what the case asks for.
        ended: what the stage noted at its end.
    """

    files: dict[str, list[Line]]
    expected: Expected
    ended: Ended

    def add(self, file: str, *lines: Line) -> None:
        self.files.setdefault(file, []).extend(lines)

    def drop(self, file: str, **wanted: Any) -> None:
        """Take away the lines that have these fields; there must be some."""
        left = [one for one in self.files[file] if not _has(one, wanted)]
        assert len(left) < len(self.files[file]), f"no line of {file} has {wanted}"
        self.files[file] = left

    def change(self, file: str, wanted: Line, **fields: Any) -> None:
        """Overwrite fields of the lines that have the wanted ones; there must be some."""
        found = [one for one in self.files[file] if _has(one, wanted)]
        assert found, f"no line of {file} has {wanted}"
        for one in found:
            one.update(fields)

    def end(self, **fields: Any) -> None:
        self.ended = replace(self.ended, **fields)

    def judged(self, folder: Path) -> Evidence:
        """Write the evidence to a folder and judge it."""
        for name, lines in self.files.items():
            text = "".join(json.dumps(one) + "\n" for one in lines)
            (folder / f"{name}.jsonl").write_text(text, encoding="utf-8")
        return judge(folder, self.expected, self.ended)


def repaired() -> Night:
    """Return the night of a frozen worker: redeployed once, drained, verified, no page."""
    why = "redeploy applied: the worker is stuck"
    records = [{"pk": INCIDENT, "decided": "Wait", "why": why}]
    return Night(
        files={
            "aws-calls": [
                call("03:12", "DescribeServices"),
                call("03:12", "GetMetricData", service="monitoring", target="*"),
                call("03:13", "TransactWriteItems", service="dynamodb", target=OWN[0]),
                call("03:13", "UpdateService"),
            ],
            "invocations": [attempt("03:12", "one", ok=True), attempt("03:13", "two", ok=True)],
            "processes": [
                {"at": at("03:00"), "pid": 1, "name": "redis", "event": "start"},
                worker("03:00", OLD, "start"),
                worker("03:08", OLD, "signal", signal="SIGSTOP"),
                worker("03:13", NEW, "start"),
                worker("03:15", OLD, "signal", signal="SIGTERM"),
                worker("03:16", OLD, "signal", signal="SIGKILL"),
                worker("03:16", OLD, "signal", signal="SIGKILL"),
                worker("03:16", OLD, "exit", exit_code=-9),
            ],
            "alarms": [
                transition("03:04", "INSUFFICIENT_DATA", "OK"),
                transition("03:12", "OK", "ALARM"),
                transition("03:18", "ALARM", "OK"),
            ],
            "deliveries": [{"at": at("03:12"), "rule": "alarm", "to": FUNCTION, "why": ""}],
            "messages": [
                message("03:06", "second-path", 'OK: "second-path/queue-depth"'),
                message("03:13", "updates", "redeploy applied"),
                message("03:22", "updates", "fix verified"),
            ],
        },
        expected=Expected(
            redeploys=1,
            updates=("redeploy applied", "fix verified"),
            drained=True,
            new_workers=True,
            alarm_ok=True,
            records=("redeploy applied",),
        ),
        ended=Ended(
            scenario="worker_stuck",
            in_time=True,
            broke_at=BREAK,
            depth=0,
            sent=10,
            done=list(range(9)),
            alarm_name=ALARM,
            alarm="OK",
            service=SERVICE,
            dead_letters=[],
            records=records,
            outbox=0,
            own=OWN,
        ),
    )


def watched() -> Night:
    """Return the night of a worker that nothing may touch: both paths page, nothing is changed."""
    night = repaired()
    night.drop("aws-calls", operation="UpdateService")
    night.files["processes"] = night.files["processes"][:3]
    night.files["messages"] = [
        message("03:12", "pages", "the mode is observe"),
        message("03:38", "second-path", 'ALARM: "second-path/queue-depth"'),
    ]
    night.expected = Expected(
        redeploys=0, pages=(("is observe",),), second_path=("queue-depth",), untouched=True
    )
    return night


def says_only(sentence: str, night: Night, folder: Path) -> None:
    """Check that the night is red, for this one reason."""
    evidence = night.judged(folder)

    assert [sentence] == evidence.why
    assert not evidence.ok
