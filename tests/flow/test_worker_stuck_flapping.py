"""What comes back three times within an hour: one page, and no fix any more."""

from night import Night
from stage import Stage


def test_what_comes_back_three_times_within_an_hour_is_paged_once_and_not_repaired(
    stage: Stage, night: Night
) -> None:
    night.minutes(5)
    for status in ("open", "open", "open", "escalated"):
        night.depth, night.worker = 1400, "works"
        night.until(status)
        night.until("resolved")

    assert stage.redeploys() == 0
    assert len(stage.incident()["reopened_at"]) == 3
    assert {"PAGE flapping: came back 3 times within an hour; no fix is applied"} == {
        told for told in stage.told() if told.startswith("PAGE")
    }
    assert len(stage.pages()) == 1


def test_a_worker_that_freezes_while_it_is_flapping_is_not_redeployed(
    stage: Stage, night: Night
) -> None:
    night.minutes(5)
    for _ in range(3):
        night.depth, night.worker = 1400, "works"
        night.until("open")
        night.until("resolved")
    night.depth, night.worker = 1400, "works"
    night.until("escalated")

    night.worker = "frozen"
    night.minutes(30)

    assert stage.redeploys() == 0
    assert stage.incident()["status"] == "escalated"
