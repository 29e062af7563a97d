"""Judges a case by evidence alone: the embedded AWS's call log, processes, messages, Redis.

What a function says of itself decides nothing; its records are asked only whether they were written.
"""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rehearsal.cases.case import Evidence, Expected
from rehearsal.changes import WORDS, accepted, changes
from rehearsal.journal import read
from rehearsal.told import judge_drafts, judge_incidents, judge_messages
from rehearsal.world import World

ALWAYS = ("aws-calls", "invocations", "processes", "messages", "alarms")
"""Files that every case writes, the last two before its break: CloudWatch tells each alarm's first OK. Where
one is empty, an expected 0 would prove nothing."""
READS = ("Describe", "List", "Get", "BatchGet", "Filter", "Query", "GET ")
TASK_LOST_PER_KILL = 1
"""Messages that a killed worker may take with it: one per consumer, and a worker here is one consumer."""


@dataclass(frozen=True)
class Ended:
    """What only the living stage could tell, noted at its end.

    Attributes:
        scenario: of the case.
        in_time: the case's end came before its deadline.
        broke_at: the moment of the break, as the journal writes moments.
        depth: messages in the real queue.
        sent: numbers of all tasks sent.
        done: numbers of all tasks that ran, as the workers left them in Redis.
        alarm_name: the critical alarm's, after the prefix.
        alarm: its state.
        service: ARN of the service that was broken: the only one that a fix may touch.
        dead_letters: bodies.
        records: items of the incidents' timelines.
        outbox: messages that nobody sent.
        own: ARNs of what is Nightshift's own: it may write these and what is below them.
        world: the SaaS itself at the end.
        drafts: the post-mortem drafts in the bucket, by their incidents.
    """

    scenario: str
    in_time: bool
    broke_at: str
    depth: int
    sent: int
    done: list[int]
    alarm_name: str
    alarm: str
    service: str
    dead_letters: list[Any]
    records: list[dict[str, Any]]
    outbox: int
    own: tuple[str, ...]
    world: World | None = None
    drafts: Mapping[str, str] = field(default_factory=dict)


def judge(folder: Path, expected: Expected, ended: Ended) -> Evidence:
    """Compare a case's evidence with its expected end."""
    evidence = Evidence()
    for name in ALWAYS:
        evidence.expect(read(folder, name), f"{name}.jsonl is empty: there is no evidence")
    for line in read(folder, "unsupported") + _guard(folder, "unsupported"):
        evidence.expect(False, f"unsupported: {line.get('why') or line.get('unsupported')}")
    for line in _guard(folder, "denied"):
        evidence.expect(False, f"denied by IAM: {line['denied']} on {line['resource']}")
    for line in read(folder, "deliveries"):
        evidence.expect(not line["why"], f"not delivered: {_way(line)}: {line['why']}")
    if expected.changes is None:
        _redeploys(evidence, folder, expected, ended)
    else:
        _changes(evidence, folder, expected.changes, ended)
    _proofs(evidence, expected, ended)
    _writes(evidence, folder, expected, ended.own)
    _workers(evidence, folder, expected, ended)
    judge_messages(evidence, folder, expected, ended.broke_at)
    judge_incidents(evidence, expected, ended.scenario, ended.records)
    judge_drafts(evidence, ended.drafts, ended.records)
    _work(evidence, folder, expected, ended)
    _letters(evidence, folder, expected, ended)
    for text in expected.records:
        found = any(text in json.dumps(one, default=str) for one in ended.records)
        evidence.expect(found, f"no record says {text!r}")
    evidence.expect(ended.in_time, "the expected end did not come in time")
    evidence.expect(not ended.outbox, f"{ended.outbox} messages were left unsent")
    return evidence


def _guard(folder: Path, kind: str) -> list[dict[str, Any]]:
    return [line for line in read(folder, "guard") if kind in line]


def _way(line: dict[str, Any]) -> str:
    """Return from where to where something was to be delivered."""
    source = line.get("rule") or line.get("alarm") or line.get("function") or "a log line"
    return f"{source} to {line['to'] or 'its targets'}"


def redeploys(folder: Path) -> list[dict[str, Any]]:
    """Return the accepted calls of UpdateService by our functions."""
    return [
        line
        for line in read(folder, "aws-calls")
        if line["operation"] == "UpdateService"
        and line["status"] == 200
        and line["function"] != "driver"
    ]


def _redeploys(evidence: Evidence, folder: Path, expected: Expected, ended: Ended) -> None:
    calls = redeploys(folder)
    evidence.expect(
        len(calls) == expected.redeploys,
        f"{len(calls)} redeploys reached ECS, expected {expected.redeploys}",
    )
    other = [one.text for one in changes(folder) if not one.text.startswith("redeploy ")]
    evidence.expect(not other, f"changed more than a redeploy: {other}")
    for line in calls:
        evidence.expect(line["at"] >= ended.broke_at, "a redeploy before anything was broken")
        evidence.expect(
            line["target"] == ended.service, f"a redeploy of {line['target']}, which was not broken"
        )


def _changes(evidence: Evidence, folder: Path, wanted: tuple[str, ...], ended: Ended) -> None:
    found = changes(folder)
    texts = tuple(one.text for one in found)
    evidence.expect(texts == wanted, f"changed: {list(texts)}, expected {list(wanted)}")
    early = [one.text for one in found if one.at < ended.broke_at]
    evidence.expect(not early, f"changed before anything was broken: {early}")
    calls = sum(accepted(line) for line in read(folder, "aws-calls"))
    told = sum(bool(one.function) for one in found)
    evidence.expect(calls == told, f"the call log has {calls} changes, {told} have parameters")


def _proofs(evidence: Evidence, expected: Expected, ended: Ended) -> None:
    for proof in expected.proofs:
        wrong = proof(ended.world) if ended.world else "nobody looked at the SaaS at the end"
        evidence.expect(not wrong, wrong)


def _writes(evidence: Evidence, folder: Path, expected: Expected, own: tuple[str, ...]) -> None:
    """Expect no call, accepted or not, that changes what is not Nightshift's, but the fix."""
    fixes = {"ecs UpdateService"} if expected.changes is None else WORDS.keys()
    foreign = {
        f"{line['service']} {line['operation']} on {line['target']}"
        for line in read(folder, "aws-calls")
        if f"{line['service']} {line['operation']}" not in fixes
        and not line["operation"].startswith(READS)
        and not any(_is_in(line["target"], one) for one in own)
    }
    evidence.expect(not foreign, f"writes that no fix makes: {sorted(foreign)}")


def _is_in(target: str, arn: str) -> bool:
    return target == arn or target.startswith(f"{arn}/")


def _worker_lines(folder: Path, kind: str = "worker") -> list[dict[str, Any]]:
    return [line for line in read(folder, "processes") if line["name"].startswith(f"{kind} ")]


def _workers(evidence: Evidence, folder: Path, expected: Expected, ended: Ended) -> None:
    kind = expected.tasks
    lines = _worker_lines(folder, kind)
    started = {line["pid"]: line["at"] for line in lines if line["event"] == "start"}
    stopped = {
        line["pid"]
        for line in lines
        if line.get("signal") in ("SIGTERM", "SIGKILL") and line["at"] >= ended.broke_at
    }
    # At the end of a case whatever still runs is killed, without a line of the signal.
    exited = {line["pid"] for line in lines if line.get("exit_code", -9) != -9}
    gone = {line["pid"] for line in lines if "exit_code" in line and line["at"] < ended.broke_at}
    old = {pid for pid, at in started.items() if at <= ended.broke_at} - gone
    new = started.keys() - old - gone
    if expected.new_workers:
        evidence.expect(new, f"no {kind} process was started after the break")
        left = len(old - stopped - exited)
        evidence.expect(not left, f"{left} {kind}s from before the break were never ended")
    if expected.untouched:
        evidence.expect(not new and not stopped, f"{kind}s were started or killed")


def transitions(folder: Path, alarm: str) -> list[dict[str, Any]]:
    """Return the changes of one alarm's state, by its name after the prefix."""
    return [line for line in read(folder, "alarms") if line["name"].split("/", 1)[-1] == alarm]


def _work(evidence: Evidence, folder: Path, expected: Expected, ended: Ended) -> None:
    if expected.alarm_ok:
        evidence.expect(ended.alarm == "OK", f"the alarm ended as {ended.alarm}")
        raised = any(
            line["after"] == "ALARM" and line["at"] >= ended.broke_at
            for line in transitions(folder, ended.alarm_name)
        )
        evidence.expect(raised, f"{ended.alarm_name} did not ring after the break")
    if not expected.drained:
        return
    evidence.expect(ended.depth == 0, f"{ended.depth} messages still wait in Redis")
    lost = len(set(range(ended.sent)) - set(ended.done))
    killed = len(
        {
            line["pid"]  # one that does not die at once is killed again
            for line in _worker_lines(folder)
            if line.get("signal") == "SIGKILL" and line["at"] >= ended.broke_at
        }
    )
    evidence.expect(
        lost <= killed * TASK_LOST_PER_KILL,
        f"{lost} tasks never ran, {killed} workers were killed",
    )


def _letters(evidence: Evidence, folder: Path, expected: Expected, ended: Ended) -> None:
    """Expect in the dead letters each event whose attempts all failed, once, and nothing else."""
    last: dict[str, dict[str, Any]] = {}
    attempts: Counter[str] = Counter()
    for line in read(folder, "invocations"):
        last[line["request_id"]] = line
        attempts[line["request_id"]] += 1
    given_up = Counter(one for one, line in last.items() if not line["ok"] and attempts[one] >= 2)
    there = Counter(
        letter.get("requestContext", {}).get("requestId", "none") for letter in ended.dead_letters
    )
    wanted, found = expected.dead_letters, given_up.total()
    evidence.expect(wanted in (None, found), f"{found} events were given up, expected {wanted}")
    missing, extra = (given_up - there).total(), (there - given_up).total()
    evidence.expect(not missing, f"{missing} events were given up and are not in the dead letters")
    evidence.expect(not extra, f"{extra} dead letters are of no event that was given up")
