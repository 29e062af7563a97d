"""Judges a case by evidence alone: the embedded AWS's call log, processes, messages, Redis.

What a function says of itself decides nothing; its records are asked only whether they were written.
"""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rehearsal.cases.case import Evidence, Expected
from rehearsal.journal import read

SCENARIO_FUNCTION = "worker-stuck"


@dataclass(frozen=True)
class Ended:
    """What only the living stage could tell, noted at its end.

    Attributes:
        in_time: the case's end came before its deadline.
        broke_at: the moment of the break, as the journal writes moments.
        depth: messages in the real queue.
        sent: numbers of all tasks sent.
        done: numbers of all tasks that ran, as the workers left them in Redis.
        alarm: the critical alarm's state.
        dead_letters: bodies.
        records: items of the incidents' timelines.
        outbox: messages that nobody sent.
    """

    in_time: bool
    broke_at: str
    depth: int
    sent: int
    done: list[int]
    alarm: str
    dead_letters: list[Any]
    records: list[dict[str, Any]]
    outbox: int


def judge(folder: Path, expected: Expected, ended: Ended) -> Evidence:
    """Compare a case's evidence with its expected end."""
    evidence = Evidence()
    for line in read(folder, "unsupported") + _guard(folder, "unsupported"):
        evidence.expect(False, f"unsupported: {line.get('why') or line.get('unsupported')}")
    for line in _guard(folder, "denied"):
        evidence.expect(False, f"denied by IAM: {line['denied']} on {line['resource']}")
    _redeploys(evidence, folder, expected)
    _workers(evidence, folder, expected, ended)
    _messages(evidence, folder, expected)
    _work(evidence, folder, expected, ended)
    _letters(evidence, folder, ended)
    for text in expected.records:
        found = any(text in json.dumps(one, default=str) for one in ended.records)
        evidence.expect(found, f"no record says {text!r}")
    evidence.expect(ended.in_time, "the expected end did not come in time")
    evidence.expect(not ended.outbox, f"{ended.outbox} messages were left unsent")
    return evidence


def _guard(folder: Path, kind: str) -> list[dict[str, Any]]:
    return [line for line in read(folder, "guard") if kind in line]


def redeploys(folder: Path) -> list[dict[str, Any]]:
    """Return the accepted calls of UpdateService by our functions."""
    return [
        line
        for line in read(folder, "aws-calls")
        if line["operation"] == "UpdateService" and line["status"] == 200
    ]


def _redeploys(evidence: Evidence, folder: Path, expected: Expected) -> None:
    calls = redeploys(folder)
    evidence.expect(
        len(calls) == expected.redeploys,
        f"{len(calls)} redeploys reached ECS, expected {expected.redeploys}",
    )
    writes = {
        (line["service"], line["operation"])
        for line in read(folder, "aws-calls")
        if line["service"] in ("ecs", "ecr", "rds", "elasticache", "lambda")
        and not line["operation"].startswith(("Describe", "List", "Get"))
    }
    foreign = writes - {("ecs", "UpdateService")}
    evidence.expect(not foreign, f"writes that no fix makes: {sorted(foreign)}")


def _workers(evidence: Evidence, folder: Path, expected: Expected, ended: Ended) -> None:
    lines = [
        line
        for line in read(folder, "processes")
        if line["name"].startswith("worker ") and line["at"] > ended.broke_at
    ]
    started = [line for line in lines if line["event"] == "start"]
    touched = [line for line in lines if line.get("signal") in ("SIGTERM", "SIGKILL")]
    if expected.new_workers:
        evidence.expect(started, "no worker process was started after the break")
    if expected.untouched:
        evidence.expect(not started and not touched, "workers were started or killed")


def _messages(evidence: Evidence, folder: Path, expected: Expected) -> None:
    by_topic: dict[str, list[str]] = {}
    for line in read(folder, "messages"):
        text = f"{line['subject']}\n{line['body']}"
        by_topic.setdefault(line["topic"].split("-", 2)[-1], []).append(text)
    _each(evidence, expected.pages, by_topic.get("pages", []), "page")
    _each(evidence, expected.updates, by_topic.get("updates", []), "update")
    alarms = [text for text in by_topic.get("second-path", []) if text.startswith("ALARM")]
    _each(evidence, expected.second_path, alarms, "message on the second path")
    if expected.no_pages:
        paged = [text.splitlines()[0] for text in by_topic.get("pages", [])]
        evidence.expect(not paged, f"paged without need: {paged}")


def _each(evidence: Evidence, wanted: Iterable[str], found: list[str], kind: str) -> None:
    for text in wanted:
        evidence.expect(any(text in one for one in found), f"no {kind} says {text!r}")


def _work(evidence: Evidence, folder: Path, expected: Expected, ended: Ended) -> None:
    if expected.alarm_ok:
        evidence.expect(ended.alarm == "OK", f"the alarm ended as {ended.alarm}")
    if not expected.drained:
        return
    evidence.expect(ended.depth == 0, f"{ended.depth} messages still wait in Redis")
    lost = ended.sent - len(set(ended.done))
    killed = sum(
        line.get("signal") == "SIGKILL" and line["name"].startswith("worker ")
        for line in read(folder, "processes")
    )
    evidence.expect(lost <= killed, f"{lost} tasks never ran, {killed} workers were killed")


def _letters(evidence: Evidence, folder: Path, ended: Ended) -> None:
    """Expect in the dead letters each event whose attempts all failed, and nothing else."""
    last: dict[str, dict[str, Any]] = {}
    attempts: Counter[str] = Counter()
    for line in read(folder, "invocations"):
        last[line["request_id"]] = line
        attempts[line["request_id"]] += 1
    given_up = {one for one, line in last.items() if not line["ok"] and attempts[one] >= 2}
    there = {letter.get("requestContext", {}).get("requestId") for letter in ended.dead_letters}
    evidence.expect(
        given_up == there,
        f"{len(given_up)} events were given up, the dead letters have {len(there)}",
    )
