"""The controls still fit the code: each breaks the assembly at its place, and what it breaks still runs."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rehearsal.aws.cloudformation import check
from rehearsal.cases import SCENARIOS, case_named
from rehearsal.cases.case import Expected
from rehearsal.controls import CONTROLS, Control
from rehearsal.told import nobody_says

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


OPEN = (
    "denied by IAM: ", "changed: [", "paged without need: [", "the alarm ended as ", "counts ended as {",
)  # fmt: skip
"""How the judge's sentences begin that say what was done instead of what was expected."""


def _sentences(expected: Expected) -> list[str]:
    """Return what the judge can say is missing from a case."""
    pages = [nobody_says("page", one) for one in expected.pages]
    updates = [nobody_says("update", (one,)) for one in expected.updates]
    path = [nobody_says("message on the second path", (one,)) for one in expected.second_path]
    records = [f"no record says {one!r}" for one in expected.records]
    redeploys = [f"{n} redeploys reached ECS, expected {expected.redeploys}" for n in range(3)]
    unsaid = [f"an update says {one!r}" for one in expected.unsaid]
    late = "the expected end did not come in time"
    found = [*pages, *updates, *unsaid, *path, *records, late]
    return [*found, *redeploys] if expected.changes is None else found


def _alarms(assembly: Path) -> list[str]:
    """Return the names of all alarms: a page without need quotes the one that rings."""
    found = json.loads(next(assembly.glob("*.template.json")).read_bytes())["Resources"]
    properties = [one["Properties"] for one in found.values()]
    return [one["AlarmName"] for one in properties if "AlarmName" in one]


@pytest.mark.parametrize(("scenario", "control"), ALL.values(), ids=ALL.keys())
def test_the_judge_can_say_of_the_case_what_a_control_wants_to_hear(
    scenario: str, control: Control, whole: Path
) -> None:
    expected = case_named(scenario, control.case).expected

    wanted = control.because

    said = [*_sentences(expected), *_alarms(whole)]
    assert wanted.startswith(OPEN) or any(wanted in one for one in said)
    assert expected.changes is not None or not wanted.startswith("changed: ")
    assert expected.alarm_ok or not wanted.startswith("the alarm ended as ")
    assert expected.proofs or not wanted.startswith("counts ended as {")


def test_the_nine_cases_of_the_stuck_worker_are_there() -> None:
    assert {case.name for case in SCENARIOS["worker_stuck"]} >= NINE


def test_a_case_that_is_not_there_is_refused_with_the_list_of_those_that_are() -> None:
    with pytest.raises(KeyError, match=r"no case 'froze' in worker_stuck; there are: frozen, "):
        case_named("worker_stuck", "froze")


def test_a_scenario_that_is_not_there_is_refused_with_the_list_of_those_that_are() -> None:
    with pytest.raises(KeyError, match=r"no scenario 'worker'; there are: .*worker_stuck"):
        case_named("worker", "frozen")
