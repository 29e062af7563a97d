"""Runs one case in this process: ``python -m rehearsal.run_case``, started by the driver.

Prints the timeline as it happens and ends with one JSON line, the result. When its standard input closes,
the driver is gone: it stops at once, and its minder kills what it started.
"""

import argparse
import json
import os
import sys
import threading
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from infra.environment import load
from rehearsal import synth_check
from rehearsal.cases import case_named
from rehearsal.cases.case import Case, Evidence
from rehearsal.changes import changes
from rehearsal.journal import read
from rehearsal.judge import Ended, judge
from rehearsal.overlay import addresses
from rehearsal.stage import Stage
from rehearsal.timeline import words
from rehearsal.world import look_at


def _die_with_the_driver() -> None:
    def watch() -> None:
        sys.stdin.read()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _play(case: Case, stage: Stage) -> Ended:
    stage.ready()
    broke_at = stage.clock.now().isoformat(timespec="milliseconds")
    print(f"{broke_at[11:16]} BREAK      {case.broke}", flush=True)
    in_time = case.play(stage)
    table = stage.table()
    records = sorted(
        (item for item in table if item["pk"].startswith("record#")),
        key=lambda item: (item["pk"], item["sk"]),
    )
    return Ended(
        in_time=in_time,
        broke_at=broke_at,
        depth=stage.depth(),
        sent=stage.sent,
        done=stage.broker.done(),
        alarm=stage.alarm_state(case.alarm),
        service=stage.aws.place.arn(
            "ecs", f"service/{stage.environment.cluster.name}/{stage.environment.worker.service}"
        ),
        dead_letters=stage.aws.dead_letters(),
        records=records,
        outbox=sum(item["pk"] == "outbox" for item in table),
        world=look_at(stage),
    )


def _seconds(since: str, until: str | None) -> int | None:
    if until is None:
        return None
    return int((datetime.fromisoformat(until) - datetime.fromisoformat(since)).total_seconds())


def _first(lines: list[dict[str, Any]], text: str) -> str | None:
    return next((line["at"] for line in lines if text in line["subject"]), None)


def _result(
    scenario: str, case: Case, folder: Path, ended: Ended, evidence: Evidence
) -> dict[str, Any]:
    messages = read(folder, "messages")
    fixes = changes(folder)
    decided = [line["answer"] for line in read(folder, "invocations") if _is_look(line)]
    drained_at = _first(messages, "fix verified")
    return {
        "scenario": scenario,
        "case": case.name,
        "broke": case.broke,
        "staged": case.staged,
        "alarms": [
            line["name"].split("/", 1)[-1]
            for line in read(folder, "alarms")
            if line["after"] == "ALARM"
        ],
        "decisions": [answer["decided"] for answer in decided],
        "fixes": len(fixes),
        "changes": [one.text for one in fixes],
        "refusals": [one["refusal"]["reason"] for one in ended.records if "refusal" in one],
        "verified": bool(fixes) and ended.alarm == "OK" and ended.depth == 0,
        "undone": sum(bool(one.get("undoes")) and "outcome" in one for one in ended.records),
        "superseded": sum(_is_superseded(one) for one in ended.records),
        "pages": [line["subject"] for line in messages if line["topic"].endswith("-pages")],
        "updates": [line["subject"] for line in messages if line["topic"].endswith("-updates")],
        "second_path": [
            line["subject"]
            for line in messages
            if line["topic"].endswith("-second-path") and line["subject"].startswith("ALARM")
        ],
        "tasks_sent": ended.sent,
        "tasks_done": len(set(ended.done)),
        "seconds_to_fix": _seconds(ended.broke_at, fixes[0].at if fixes else None),
        "seconds_to_verified": _seconds(ended.broke_at, drained_at),
        "ok": evidence.ok,
        "why": evidence.why,
    }


def _is_superseded(record: dict[str, Any]) -> bool:
    """Say whether this entry closed a fix as somebody else's by now: instead of an undo, or of a verdict."""
    refused = record.get("refusal", {}).get("code") == "superseded"
    return refused or record.get("verdict", {}).get("outcome") == "SUPERSEDED"


def _is_look(line: dict[str, Any]) -> bool:
    answer = line.get("answer")
    return bool(line["ok"]) and isinstance(answer, dict) and "decided" in answer


def _write_for_people(folder: Path, ended: Ended) -> None:
    """Leave the timeline and every message as text, to read in the morning."""
    lines = [
        f"{one['at']}  {one['decided']:<8}  {one['why']}"
        + (f"\n{'':26}refused: {one['refusal']['reason']}" if "refusal" in one else "")
        + (f"\n{'':26}{one['outcome']} (intent {one['intent']})" if "outcome" in one else "")
        for one in ended.records
    ]
    (folder / "incident.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "incident.json").write_text(
        json.dumps(ended.records, indent=1, default=str), encoding="utf-8"
    )
    texts = folder / "messages"
    texts.mkdir()
    for number, line in enumerate(read(folder, "messages")):
        head = f"To: {line['topic']}\nAt: {line['at']}\nSubject: {line['subject']}\n\n"
        (texts / f"{number:03}.txt").write_text(head + line["body"], encoding="utf-8")


def main() -> int:
    """Run the case and print its result as the last line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("scenario")
    parser.add_argument("case")
    parser.add_argument("--environment", required=True)
    parser.add_argument("--assembly", type=Path, required=True)
    parser.add_argument("--plain", type=Path, help="what make synth writes; not for controls")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--web-port", type=int, required=True)
    asked = parser.parse_args()
    _die_with_the_driver()
    began = time.monotonic()
    environment = load(asked.environment, addresses(asked.port, asked.web_port))
    case = case_named(asked.scenario, asked.case)
    stage = Stage(
        asked.folder, asked.assembly, environment, asked.web_port, case.parts, case.counts
    )

    def show(name: str, line: dict[str, Any]) -> None:
        text = words(name, line)
        if text:
            print(text, flush=True)  # the driver reads this

    stage.journal.listeners.append(show)
    with stage:
        ended = _play(case, stage)
        stage.journal.listeners.clear()
    evidence = judge(asked.folder, case.expected, ended)
    if asked.plain:
        for sentence in synth_check.differences(asked.assembly, asked.plain):
            evidence.expect(False, sentence)
    result = _result(asked.scenario, case, asked.folder, ended, evidence)
    result["real_seconds"] = round(time.monotonic() - began, 1)
    _write_for_people(asked.folder, ended)
    (asked.folder / "result.json").write_text(json.dumps(result, indent=1), encoding="utf-8")
    print(json.dumps(result), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
