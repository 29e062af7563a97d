"""The command line: its exit code and its result are those of the judge, and nothing counts as passed."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rehearsal import __main__ as command_line
from rehearsal.cases import SCENARIOS
from rehearsal.controls import CONTROLS
from rehearsal.driver import Job

Result = dict[str, Any]
Command = Callable[..., int]


def _result(job: Job, **other: Any) -> Result:
    empty = {
        "broke": "SIGSTOP", "staged": False, "alarms": [], "decisions": ["Resolve"], "fixes": 1,
        "refusals": [], "verified": True, "pages": [], "updates": [], "second_path": [],
        "ended": "resolved", "tasks": "1 of 1", "tasks_sent": 1, "tasks_done": 1, "seconds_to_fix": 60,
        "seconds_to_verified": 90, "ok": True, "why": [],
    }  # fmt: skip
    return {"scenario": job.scenario, "case": job.case, **empty, **other}


class Driver:
    """Answers for every job what a test says, without running any."""

    def __init__(self, answer: Callable[[Job], Result]) -> None:
        self.jobs: list[Job] = []
        self._answer = answer

    def run(self, jobs: list[Job]) -> list[Result]:
        self.jobs = list(jobs)
        return [self._answer(job) for job in jobs]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Command:
    """Return what runs the command line with a driver that answers so."""
    monkeypatch.setattr(command_line, "check_platform", lambda: None)
    monkeypatch.setattr(command_line, "redis_server", lambda: "redis-server")

    def run(answer: Callable[[Job], Result], *words: str) -> int:
        monkeypatch.setattr(command_line, "Driver", lambda *_: Driver(answer))
        monkeypatch.setattr("sys.argv", ["rehearsal", *words, "--folder", str(tmp_path)])
        return command_line.main()

    return run


def test_every_case_is_run_where_none_is_named(
    command: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = command(_result, "run")

    runs = json.loads((tmp_path / "result.json").read_text(encoding="utf-8"))
    assert [(one["scenario"], one["case"]) for one in runs] == [
        (scenario, case.name) for scenario, cases in SCENARIOS.items() for case in cases
    ]
    assert code == 0
    assert f"{len(runs)} passed, 0 failed" in capsys.readouterr().out


@pytest.mark.parametrize(
    "other",
    [
        {"ok": False, "why": ["0 redeploys reached ECS, expected 1"]},
        {"ok": False, "why": ["the case's process ended with -9: "]},
    ],
    ids=["judged red", "died"],
)
def test_one_red_case_is_exit_code_1_and_says_why(
    other: Result, command: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def answer(job: Job) -> Result:
        return _result(job, **(other if job.case == "frozen" else {}))

    code = command(answer, "run", "--scenario", "worker_stuck")

    assert code == 1
    said = capsys.readouterr().out
    assert f"frozen: {other['why'][0]}" in said
    assert "passed, 1 failed" in said
    runs = json.loads((tmp_path / "result.json").read_text(encoding="utf-8"))
    assert [one["case"] for one in runs if not one["ok"]] == ["frozen"]


@pytest.mark.parametrize("word", ["run", "controls"])
def test_a_case_of_another_scenario_is_refused_and_not_passed_by_running_none(
    word: str, command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    code = command(_result, word, "--scenario", "worker_stuck", "--case", "out_of_memory")

    assert code == 2
    assert capsys.readouterr().err == f"worker_stuck has no case out_of_memory to {word}\n"


def test_a_result_of_before_does_not_outlive_a_run_that_breaks_off(
    command: Command, tmp_path: Path
) -> None:
    def break_off(_: Job) -> Result:
        raise KeyboardInterrupt

    (tmp_path / "result.json").write_text("[]", encoding="utf-8")

    assert command(break_off, "run", "--scenario", "worker_stuck") == 130
    assert not (tmp_path / "result.json").exists()


def _red(job: Job) -> Result:
    assert job.control
    return _result(job, ok=False, why=["first", f"... {job.control.because} ..."])


def test_controls_are_well_when_each_is_red_for_its_reason(
    command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    code = command(_red, "controls")

    count = sum(len(controls) for controls in CONTROLS.values())
    assert code == 0
    said = capsys.readouterr().out
    assert f"{count} passed, 0 failed" in said
    assert "NOT RED" not in said


FOOLED: dict[str, Callable[[Job], Result]] = {
    "green": _result,
    "green although the sentence was said": lambda job: {**_red(job), "ok": True},
    "red for another reason": lambda job: _result(job, ok=False, why=["did not come in time"]),
    "red without a reason": lambda job: _result(job, ok=False),
    "died": lambda job: {
        name: value
        for name, value in _red(job).items()
        if name in {"scenario", "case", "ok", "why"}
    },
}


@pytest.mark.parametrize("answer", FOOLED.values(), ids=FOOLED.keys())
def test_a_control_that_is_not_red_for_its_reason_fools_the_judge(
    answer: Callable[[Job], Result], command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    code = command(answer, "controls", "--scenario", "worker_stuck", "--case", "observe")

    assert code == 1
    said = capsys.readouterr().out
    assert "NOT RED" in said
    assert "0 passed, 1 failed" in said


def test_each_job_has_a_folder_of_its_own(command: Command) -> None:
    jobs: list[Job] = []

    def note(job: Job) -> Result:
        jobs.append(job)
        return _red(job)

    command(note, "controls")

    assert len({job.folder for job in jobs}) == len(jobs)
    assert len({(job.scenario, job.folder.name) for job in jobs}) == len(jobs)
