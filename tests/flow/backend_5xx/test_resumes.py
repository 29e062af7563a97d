"""A look that dies, or whose answer is lost, is taken up by the next one, and nothing is done twice."""

from typing import Any

import pytest

from backend_night import BackendNight
from backend_stage import NAME, BackendStage
from seam import Call, Killed, LostAnswer


class Once:
    """Does something at the function's first call with a name."""

    def __init__(self, name: str, raises: type[BaseException]) -> None:
        self.name = name
        self.done = False
        self._raises = raises

    def __call__(self, call: Call) -> Any:
        if call.actor == NAME and call.name == self.name and not self.done:
            self.done = True
            raise self._raises


CHANGES = {
    "rollback": ("ecs.UpdateService",),
    "stop": ("ecs.StopServiceDeployment",),
    "memory": ("ecs.RegisterTaskDefinition", "ecs.UpdateService"),
}
CASES = [
    (what, name)
    for what, changes in CHANGES.items()
    for name in (*changes, "dynamodb.TransactWriteItems")
]


def broken(night: BackendNight, what: str) -> None:
    night.minutes(2)
    if what == "memory":
        night.kinds[7] = "fills"
    else:
        night.deploy(8, "crashes", complete=what == "rollback")


def ended(stage: BackendStage, night: BackendNight) -> list[Any]:
    """Let the night go on to its end; return what was tried."""
    for _ in range(40):
        night.minute()
        if stage.changes():
            night.rolls = True
        if stage.incident().get("status") in ("resolved", "escalated"):
            break
    return [(one["outcome"], one["tries"]) for one in stage.incident()["attempts"]]


@pytest.mark.parametrize(("what", "name"), CASES)
def test_a_look_that_dies_before_a_call_is_taken_up(
    stage: BackendStage, night: BackendNight, what: str, name: str
) -> None:
    once = Once(name, Killed)
    stage.hooks.before.append(once)
    broken(night, what)

    attempts = ended(stage, night)

    assert once.done
    assert [outcome for outcome, _ in attempts] == ["VERIFIED"]
    assert stage.incident()["status"] == "resolved"
    assert (
        stage.changes().count("UpdateService") + stage.changes().count("StopServiceDeployment") == 1
    )


@pytest.mark.parametrize(("what", "name"), CASES)
def test_a_look_that_dies_after_a_call_is_taken_up(
    stage: BackendStage, night: BackendNight, what: str, name: str
) -> None:
    once = Once(name, Killed)
    stage.hooks.after.append(once)
    broken(night, what)

    attempts = ended(stage, night)

    assert once.done
    assert [outcome for outcome, _ in attempts] == ["VERIFIED"]
    assert stage.incident()["status"] == "resolved"
    assert (
        stage.changes().count("UpdateService") + stage.changes().count("StopServiceDeployment") == 1
    )


@pytest.mark.parametrize(
    ("what", "name", "tries"),
    [
        ("rollback", "ecs.UpdateService", 1),
        ("stop", "ecs.StopServiceDeployment", 1),
        ("memory", "ecs.UpdateService", 1),
        ("memory", "ecs.RegisterTaskDefinition", 2),
    ],
)
def test_a_change_whose_answer_was_lost_is_proved_by_the_service(
    stage: BackendStage, night: BackendNight, what: str, name: str, tries: int
) -> None:
    stage.hooks.sending.append(Once(name, LostAnswer))
    broken(night, what)

    attempts = ended(stage, night)

    assert attempts == [("VERIFIED", tries)]
    assert stage.incident()["status"] == "resolved"
