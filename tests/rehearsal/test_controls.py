"""The controls still fit the code: each breaks the assembly at its place, and what it breaks still runs."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rehearsal.aws.cloudformation import check
from rehearsal.cases import SCENARIOS, case_named
from rehearsal.controls import CONTROLS, Control

ALL = {
    f"{scenario}: {control.case}, {control.what}": (scenario, control)
    for scenario, controls in CONTROLS.items()
    for control in controls
}
NINE = {
    "frozen", "crash_loop", "backlog", "frozen_again", "observe", "switched_off", "engineer_deploys",
    "dies_midway", "nightshift_dead",
}  # fmt: skip
"""Cases of the stuck worker that the users were promised."""

Files = dict[Path, Any]
"""What each file says: JSON as it is understood, since writing it anew changes nothing."""


def _files(folder: Path) -> Files:
    return {
        path.relative_to(folder): json.loads(path.read_bytes())
        if path.suffix == ".json"
        else path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture(scope="module")
def whole(assembly: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the assembly without what no control breaks and what makes nine tenths of it."""
    lean = shutil.ignore_patterns("aws_lambda_powertools", "*.dist-info", "typing_extensions.py")
    return shutil.copytree(assembly, tmp_path_factory.mktemp("controls") / "whole", ignore=lean)


@pytest.fixture(scope="module")
def before(whole: Path) -> Files:
    return _files(whole)


@pytest.fixture
def copy(whole: Path, tmp_path: Path) -> Iterator[Path]:
    yield shutil.copytree(whole, tmp_path / "copy")
    shutil.rmtree(tmp_path / "copy")


@pytest.mark.parametrize(("scenario", "control"), ALL.values(), ids=ALL.keys())
def test_a_control_breaks_something_and_what_is_left_still_loads(
    scenario: str, control: Control, copy: Path, before: Files
) -> None:
    assert case_named(scenario, control.case).name == control.case

    control.sabotage(copy)

    left = _files(copy)
    changed = {path for path in left if left[path] != before[path]}
    assert changed or left.keys() < before.keys()
    for path in changed:
        if path.suffix == ".py":
            compile(left[path], str(path), "exec")
        else:
            check(left[path])


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_case_has_a_control(scenario: str) -> None:
    controlled = {one.case for one in CONTROLS.get(scenario, ())}

    assert {case.name for case in SCENARIOS[scenario]} == controlled


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_what_is_broken_is_called_by_one_name_within_a_case(scenario: str) -> None:
    names = [(one.case, one.what) for one in CONTROLS.get(scenario, ())]

    assert len(set(names)) == len(names)


def test_every_control_says_what_the_judge_must_say() -> None:
    assert [name for name, (_, control) in ALL.items() if not control.because.strip()] == []


def test_the_nine_cases_of_the_stuck_worker_are_there() -> None:
    assert {case.name for case in SCENARIOS["worker_stuck"]} >= NINE


def test_a_case_that_is_not_there_is_refused_with_the_list_of_those_that_are() -> None:
    with pytest.raises(KeyError, match=r"no case 'froze' in worker_stuck; there are: frozen, "):
        case_named("worker_stuck", "froze")


def test_a_scenario_that_is_not_there_is_refused_with_the_list_of_those_that_are() -> None:
    with pytest.raises(KeyError, match=r"no scenario 'worker'; there are: .*worker_stuck"):
        case_named("worker", "frozen")
