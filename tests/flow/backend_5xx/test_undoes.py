"""More memory that did not help is put back, unless somebody has changed the service since."""

from backend_ecs import definition
from backend_night import BackendNight
from backend_stage import SETTINGS, BackendStage
from seam import Call


def raised(night: BackendNight) -> None:
    """Let memory be raised: version 7 fills it; the revision with more is number 8."""
    night.minutes(2)
    night.kinds[7] = "fills"
    night.until_changed(2)


class DeploysBeforeTheReread:
    """An engineer who deploys after the look has read the service, and before the gate reads it again."""

    def __init__(self, night: BackendNight) -> None:
        self._night = night
        self._reads = 0
        self.done = False

    def __call__(self, call: Call) -> None:
        if call.name == "dynamodb.UpdateItem":
            self._reads = 0  # a claim: another look
        if call.name != "ecs.DescribeServices" or self.done:
            return
        self._reads += 1
        if self._reads == 2:
            self.done = True
            self._night.deploy(9, "errors")


def outcomes(stage: BackendStage) -> list[tuple[str, str]]:
    return [(one["fix"], one["outcome"]) for one in stage.incident()["attempts"]]


def ledger(stage: BackendStage) -> list[str]:
    return [str(item["fix"]) for item in stage.items() if item["pk"] == "ledger"]


def test_memory_that_does_not_end_the_5xx_is_put_back_and_paged(
    stage: BackendStage, night: BackendNight
) -> None:
    raised(night)
    night.kinds[8] = night.kinds[7] = "errors"

    night.until("escalated")

    assert outcomes(stage) == [("raise_memory", "UNDONE"), ("restore_memory", "APPLIED")]
    assert stage.backend.primary["taskDefinition"] == definition(7)
    assert ledger(stage) == []
    assert stage.told()[:2] == ["raise_memory applied", "restore_memory applied"]
    assert stage.told()[2].startswith("PAGE the memory is as it was before: saas-backend:7 is put")


def test_what_an_engineer_deployed_meanwhile_is_not_overwritten(
    stage: BackendStage, night: BackendNight
) -> None:
    raised(night)
    night.kinds[8] = "errors"
    night.minutes(3)

    night.deploy(9, "errors")
    night.minutes(6)

    assert outcomes(stage) == [("raise_memory", "SUPERSEDED")]
    assert stage.backend.version == 9
    assert stage.changes() == ["RegisterTaskDefinition", "UpdateService"]
    assert ledger(stage) == []


def test_an_engineer_who_deploys_between_decision_and_undo_is_not_overwritten(
    stage: BackendStage, night: BackendNight
) -> None:
    raised(night)
    night.kinds[8] = "errors"
    meanwhile = DeploysBeforeTheReread(night)
    stage.hooks.before.append(meanwhile)

    for _ in range(12):
        night.minute()
        if meanwhile.done:
            break

    assert outcomes(stage) == [("raise_memory", "SUPERSEDED")]
    assert stage.backend.version == 9
    assert ledger(stage) == []
    assert stage.told()[-1] == "superseded, not undone"


def test_a_leak_keeps_the_memory_and_the_entry_that_asks_about_it(
    stage: BackendStage, night: BackendNight
) -> None:
    raised(night)
    night.kinds[8], night.enough_mib = "fills", 8192

    night.until("escalated")

    assert outcomes(stage) == [("raise_memory", "FAILED")]
    assert stage.backend.version == 8
    assert ledger(stage) == ["raise_memory"]
    assert stage.told()[-1].startswith("PAGE out of memory again after it was raised to 2048 MiB")


def test_the_undo_of_an_escalated_incident_is_not_stopped_by_its_mode(
    stage: BackendStage, night: BackendNight
) -> None:
    raised(night)
    night.kinds[8] = night.kinds[7] = "errors"
    stage.parameter(SETTINGS.mode_parameters["raise_memory"], "off")

    night.until("escalated")

    assert outcomes(stage)[-1] == ("restore_memory", "APPLIED")


def test_the_kill_switch_stops_an_undo_too(stage: BackendStage, night: BackendNight) -> None:
    raised(night)
    night.kinds[8] = night.kinds[7] = "errors"
    stage.parameter(SETTINGS.switch_parameter, "off")

    night.until("escalated")

    assert outcomes(stage) == [("raise_memory", "APPLIED")]
    assert stage.backend.version == 8
    assert ledger(stage) == ["raise_memory"]
