"""The answer of the fix's call is lost, and then something else happens: no stale fix, and no silence."""

from datetime import timedelta
from functools import partial

import pytest

from disturb import FUNCTION, At, refuse, silent
from night import Night
from runbook.clock import to_text
from runbook.errors import NightshiftError
from runbook.fixes.redeploy import Redeploy
from runbook.ledger import PARTITION as LEDGER
from seam import Call, Killed
from stage import SETTINGS, Stage
from worker_stuck import wiring

FIX = "the fix"


def _lose_the_call(stage: Stage, night: Night) -> None:
    """Let a look write its intent and call UpdateService, which never arrives."""
    night.to(FIX)
    stage.hooks.sending.append(silent("ecs.UpdateService"))
    night.minute()
    stage.calm()


def _numbers(counted: At, name: str) -> list[int]:
    return [number for number, one in enumerate(counted.names) if one == name]


def _outcomes(stage: Stage) -> list[str | None]:
    return [one["outcome"] for one in stage.incident()["attempts"]]


def test_a_worker_that_recovered_meanwhile_is_not_redeployed(stage: Stage, night: Night) -> None:
    _lose_the_call(stage, night)
    night.patrols, night.worker = False, "works"
    night.minutes(10)
    night.patrols = True

    night.until("resolved")

    assert stage.redeploys() == 0
    assert _outcomes(stage) == ["REFUSED"]
    assert "did not take effect and is not asked for any more" in str(stage.records())


def test_nothing_is_called_again_once_a_person_has_it(
    stage: Stage, night: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise NightshiftError("a bug")

    _lose_the_call(stage, night)
    with monkeypatch.context() as patched:
        patched.setattr(Redeploy, "landed", broken)
        night.until("escalated")

    night.minutes(20)

    assert (stage.redeploys(), _outcomes(stage)) == (0, ["REFUSED"])
    assert len(stage.pages()) == 2  # the page, and once more after 15 min


@pytest.mark.parametrize(
    "unread", ["ecs.DescribeServices", "cloudwatch.GetMetricData"], ids=["target", "facts"]
)
def test_a_world_that_cannot_be_read_any_more_pages_after_three_looks(
    stage: Stage, night: Night, unread: str
) -> None:
    _lose_the_call(stage, night)
    stage.hooks.before.append(refuse(unread))

    night.until("escalated", most=8)

    assert stage.redeploys() == 0
    assert stage.told()[-1].startswith("PAGE blind: ")


def test_a_way_that_stays_blocked_pages_after_15_min(stage: Stage, night: Night) -> None:
    _lose_the_call(stage, night)
    target = SETTINGS.targets["db_connections"]
    stage.put(
        f"incident#db_connections#{target}",
        "current",
        open="open",
        status="escalated",
        incident_id="db_connections-1",
        scenario="db_connections",
        target=target,
        version=3,
        opened_at="2026-11-22T00:00:00.000Z",
        next_look_at="2999-01-01T00:00:00.000Z",
        claim_until=to_text(stage.now()),
    )

    night.until("escalated", most=18)

    assert (stage.redeploys(), _outcomes(stage)) == (0, ["REFUSED"])
    assert "no deployment while connections run out" in stage.pages()[-1]["Message"]


def test_a_temporary_change_whose_record_failed_still_comes_into_the_ledger(
    stage: Stage, night: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wiring, "Redeploy", partial(Redeploy, keep=timedelta(hours=4)))
    night.to(FIX)
    counting = At()
    counting.install(stage.hooks)
    night.minute()
    stage.calm()
    _, record = _numbers(counting, "dynamodb.TransactWriteItems")
    night.to(FIX)
    At(record, "refused").install(stage.hooks)
    night.minute()
    stage.calm()

    night.minutes(7)

    entries = [item for item in stage.items() if item["pk"] == LEDGER]
    assert (stage.redeploys(), len(entries)) == (1, 1)
    assert "redeploy applied" in stage.told()


def test_looks_that_die_after_their_claim_page_as_overdue(stage: Stage, night: Night) -> None:
    night.to(FIX)

    def dies(call: Call) -> None:
        if call.actor == FUNCTION and call.name == "cloudwatchlogs.FilterLogEvents":
            raise Killed("at once")

    stage.hooks.before.append(dies)

    night.minutes(8)

    assert stage.told()[-1] == "PAGE looks are overdue"
    assert "looks began and wrote nothing down" in stage.pages()[-1]["Message"]
