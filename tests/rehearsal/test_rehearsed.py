"""One case as a user rehearses it: the deployed functions repair a worker that is really frozen."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from gone import wait_until_gone

pytestmark = [pytest.mark.rehearsal, pytest.mark.usefixtures("can_rehearse")]

ROOT = Path(__file__).parents[2]
RESULT = {
    "scenario", "case", "broke", "staged", "alarms", "decisions", "fixes", "refusals", "verified",
    "undone", "superseded", "pages", "updates", "tasks_sent", "tasks_done", "seconds_to_fix",
    "seconds_to_verified", "ok",
}  # fmt: skip
"""What is promised of a run in ``result.json``."""
CALL = {"at", "function", "service", "operation", "target", "status"}
"""What is promised of a line in ``aws-calls.jsonl``: this and nothing else."""
INVOCATION = {"at", "function", "event_id", "request_id", "rule", "attempt", "ok", "answer"}
PROCESS = {"start": set(), "signal": {"signal"}, "exit": {"exit_code"}}
"""What a line in ``processes.jsonl`` has besides moment, process id, name and event."""


def _rehearse(folder: Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "rehearsal", "run", "--scenario", "worker_stuck"]
    return subprocess.run(  # noqa: S603  # what `make rehearse` runs
        [*command, "--case", "frozen", "--folder", str(folder)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(["functions", "."])},
        timeout=280,
    )


def _lines(folder: Path, name: str) -> list[dict[str, Any]]:
    text = (folder / f"{name}.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def _check_result(folder: Path) -> None:
    (run,) = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    assert RESULT - run.keys() == set()
    assert (run["scenario"], run["case"], run["staged"]) == ("worker_stuck", "frozen", False)
    assert run["ok"], run["why"]
    assert (run["fixes"], run["verified"], run["pages"]) == (1, True, [])
    assert "worker_stuck/queue-depth" in run["alarms"]
    assert run["decisions"][-1] == "Resolve"
    assert run["tasks_sent"] - 1 <= run["tasks_done"] <= run["tasks_sent"]
    assert 0 < run["seconds_to_fix"] < run["seconds_to_verified"]


def _check_evidence(folder: Path) -> None:
    calls = _lines(folder, "aws-calls")
    assert {frozenset(one) for one in calls} == {frozenset(CALL)}
    assert [one["function"] for one in calls if one["operation"] == "UpdateService"] == [
        "nightshift-prod-worker-stuck"
    ]
    invocations = _lines(folder, "invocations")
    assert [one for one in invocations if INVOCATION - one.keys()] == []
    processes = _lines(folder, "processes")
    assert [
        one
        for one in processes
        if {"at", "pid", "name", "event", *PROCESS[one["event"]]} != one.keys()
    ] == []


def _check_what_people_read(folder: Path) -> None:
    texts = [path.read_text(encoding="utf-8") for path in (folder / "messages").iterdir()]
    assert len(texts) == len(_lines(folder, "messages"))
    assert sum("redeploy applied" in text for text in texts) >= 1
    assert "Resolve" in (folder / "incident.txt").read_text(encoding="utf-8")
    assert json.loads((folder / "incident.json").read_text(encoding="utf-8"))


def test_a_frozen_worker_is_redeployed_and_the_evidence_is_left_to_read(tmp_path: Path) -> None:
    ended = _rehearse(tmp_path)

    assert ended.returncode == 0, f"{ended.stdout[-4000:]}\n{ended.stderr[-2000:]}"
    assert "BREAK      SIGSTOP of the worker" in ended.stdout
    assert "1 passed, 0 failed" in ended.stdout
    _check_result(tmp_path)
    evidence = tmp_path / "worker_stuck" / "frozen"
    _check_evidence(evidence)
    _check_what_people_read(evidence)
    pids = {one["pid"] for one in _lines(evidence, "processes")}
    assert wait_until_gone(psutil.Process(pid) for pid in pids if psutil.pid_exists(pid)) == []
