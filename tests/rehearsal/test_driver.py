"""The driver: whatever breaks in one case is that case's failure, and every other still runs."""

from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from rehearsal import driver as drivers
from rehearsal.driver import Driver, Job, Slot
from rehearsal.sabotage import ControlError


def _jobs(folder: Path) -> list[Job]:
    return [Job("worker_stuck", name, folder / name) for name in ("one", "two", "three")]


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Driver:
    """Return a driver with nothing to synthesize, whose second case breaks."""
    made = Driver("prod", Console(quiet=True), tmp_path)
    slots = [Slot(1, 2, tmp_path), Slot(3, 4, tmp_path)]
    monkeypatch.setattr(made, "synthesize", lambda _: (tmp_path, slots))
    return made


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (ControlError("no asset has it"), "no asset has it"),
        (OSError(28, "No space left on device"), "OSError: [Errno 28] No space left on device"),
        (ValueError("the last line is no JSON"), "ValueError: the last line is no JSON"),
    ],
    ids=["a control that does not fit", "no space", "an answer that is none"],
)
def test_what_breaks_in_a_case_is_its_failure_and_the_others_are_run(
    error: Exception, why: str, driver: Driver, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def one(job: Job, *_: Any) -> dict[str, Any]:
        if job.case == "two":
            raise error
        return {"case": job.case, "ok": True}

    monkeypatch.setattr(driver, "_one", one)

    results = driver.run(_jobs(tmp_path))

    assert [result["ok"] for result in results] == [True, False, True]
    assert results[1] == {"scenario": "worker_stuck", "case": "two", "ok": False, "why": [why]}


def test_more_cases_break_than_there_are_places(
    driver: Driver, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def one(*_: Any) -> dict[str, Any]:
        raise OSError("broken")

    monkeypatch.setattr(driver, "_one", one)

    results = driver.run(_jobs(tmp_path))

    assert len(results) == 3 > drivers.AT_ONCE
    assert [result["why"] for result in results] == [["OSError: broken"]] * 3


SHOWN = {
    "scenario": "worker_stuck", "case": "frozen", "broke": "SIGSTOP", "alarms": [], "decisions": ["Wait"],
    "ended": "paged", "fixes": 1, "verified": False, "pages": ["help"], "second_path": ["ALARM: q"],
    "tasks": "", "tasks_done": 0, "tasks_sent": 5, "seconds_to_fix": 298,
}  # fmt: skip


def test_the_table_says_who_has_the_incident_and_no_more_than_is_known() -> None:
    shown = drivers.table([SHOWN], "Rehearsed", lambda _: "as expected")

    cells = {str(column.header): list(column.cells)[1] for column in shown.columns}
    assert cells == {
        "case": " frozen", "broke": "SIGSTOP", "alarm": "", "ended as": "paged", "fixes": "1", "proved": "",
        "pages": "1", "tasks": "", "fix after": "298 s", "verdict": "as expected",
    }  # fmt: skip
