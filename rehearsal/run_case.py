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
from pathlib import Path
from typing import Any

from infra import settings
from infra.environment import load
from rehearsal import synth_check
from rehearsal.cases import case_named
from rehearsal.cases.case import Case
from rehearsal.journal import read
from rehearsal.judge import Ended, judge
from rehearsal.overlay import addresses
from rehearsal.result import result_of
from rehearsal.stage import Stage
from rehearsal.timeline import words
from rehearsal.world import look_at

AFTERWARDS_MINUTES = 15
"""Virtual, that a case lives on after its end came: an escalated incident is looked at every 5 min, so what
is done or told a look too late is seen by the judge."""


def _die_with_the_driver() -> None:
    def watch() -> None:
        sys.stdin.read()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def live_through(case: Case, stage: Stage) -> bool:
    """Break something, live until the case's end and for a while after; say whether the end came in time."""
    if not case.says_when:
        stage.broke()
    in_time = case.play(stage) and bool(stage.broke_at)
    if in_time:
        stage.until(lambda: False, AFTERWARDS_MINUTES)
    return in_time


def _play(scenario: str, case: Case, stage: Stage) -> Ended:
    stage.ready()
    in_time = live_through(case, stage)
    table = stage.table()
    records = sorted(
        (item for item in table if item["pk"].startswith("record#")),
        key=lambda item: (item["pk"], item["sk"]),
    )
    return Ended(
        scenario=scenario,
        in_time=in_time,
        broke_at=stage.broke_at or stage.clock.now().isoformat(timespec="milliseconds"),
        depth=stage.depth(),
        sent=stage.sent,
        done=stage.broker.done(),
        alarm_name=case.alarm,
        alarm=stage.alarm_state(case.alarm),
        service=stage.aws.place.arn(
            "ecs", f"service/{stage.environment.cluster.name}/{stage.environment.worker.service}"
        ),
        dead_letters=stage.aws.dead_letters(),
        records=records,
        outbox=sum(item["pk"] == "outbox" for item in table),
        own=_own(stage),
        world=look_at(stage),
        drafts=stage.drafts(),
    )


def _own(stage: Stage) -> tuple[str, ...]:
    """Return what Nightshift writes without asking its gate: its own, and the bus where it hurries itself.

    The probes are among it because a look may ask one directly, which counts as a call that is no read.
    """
    environment, arn = stage.environment, stage.aws.place.arn
    prefix = environment.prefix
    return (
        arn("dynamodb", f"table/{prefix}"),
        arn("events", "event-bus/default"),
        f"arn:aws:s3:::{settings.bucket(environment)}/post-mortems",
        arn("sns", f"{prefix}-pages"),
        arn("sns", f"{prefix}-updates"),
        arn("sqs", f"{prefix}-dead-letters"),
        *(arn("lambda", f"function:{prefix}-{name}-probe") for name in ("redis", "health")),
    )


def _write_for_people(folder: Path, ended: Ended) -> None:
    """Leave the timeline, every message and the post-mortem drafts as text, to read in the morning."""
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
    drafts = folder / "post-mortems"
    drafts.mkdir()
    for incident, text in ended.drafts.items():
        (drafts / f"{incident}.md").write_text(text, encoding="utf-8")


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
        text = (
            f"{line['at'][11:16]} BREAK      {case.broke}"
            if name == "breaks"
            else words(name, line)
        )
        if text:
            print(text, flush=True)  # the driver reads this

    stage.journal.listeners.append(show)
    with stage:
        ended = _play(asked.scenario, case, stage)
        stage.journal.listeners.clear()
    evidence = judge(asked.folder, case.expected, ended)
    if asked.plain:
        for sentence in synth_check.differences(asked.assembly, asked.plain):
            evidence.expect(False, sentence)
    result = result_of(case, asked.folder, ended, evidence)
    result["real_seconds"] = round(time.monotonic() - began, 1)
    _write_for_people(asked.folder, ended)
    (asked.folder / "result.json").write_text(json.dumps(result, indent=1), encoding="utf-8")
    print(json.dumps(result), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
