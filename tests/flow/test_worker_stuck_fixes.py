"""The whole way: alarm, waiting, redeploy, settling, proof, end."""

from night import Night
from stage import Stage


def test_a_frozen_worker_is_redeployed_once_proved_and_resolved(stage: Stage, night: Night) -> None:
    night.minutes(12)
    night.worker = "frozen"

    night.until("resolved")

    [attempt] = stage.incident()["attempts"]
    assert (attempt["fix"], attempt["outcome"], attempt["tries"]) == ("redeploy", "VERIFIED", 1)
    assert stage.redeploys() == 1
    assert stage.outbox() == []
    assert stage.pages() == []
