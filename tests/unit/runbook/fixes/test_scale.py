"""One step down, and back: caps, what is compared, and the count that is written."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from around import NOW, ago, attempt, series
from fake_redeploy import FakeAws
from runbook.checks.autoscaling import Scaling
from runbook.checks.ecs import Deployment, Service
from runbook.fixes.scale import Restore, Scale, Tier
from runbook.gate import UNDOES, Landed
from runbook.model import Unknown

UNKNOWN = Unknown("throttled")


def service(desired: int = 8, state: str = "COMPLETED", **changes: Any) -> Service:
    primary = Deployment("ecs-svc/1", "PRIMARY", "saas-worker:1", state, ago(900), ago(890), 0)
    usual = Service("saas-worker", desired, desired, 0, "ECS", "ROLLING", (primary,))
    return replace(usual, **changes)


TWO = (
    *service().deployments,
    replace(service().primary, id="ecs-svc/0", status="ACTIVE", created_at=ago(2000)),
)


def tier(**changes: Any) -> Tier:
    return replace(Tier(service(), series(30, 30, 30), Scaling(0, ()), ()), **changes)


@dataclass(frozen=True)
class Facts:
    tiers: dict[str, Tier] = field(default_factory=lambda: {"worker": tier()})
    at: Any = NOW


def made(kind: type[Scale], aws: Any = None) -> Scale:
    return kind(
        aws=aws or FakeAws(),
        region="me-south-1",
        cluster="saas-prod",
        service="saas-worker",
        tier="worker",
        floor=1,
        holds=timedelta(minutes=4),
        name="scale_worker",
        mode_key="scale_worker",
    )


@pytest.mark.parametrize(
    ("seen", "now", "code"),
    [
        pytest.param(tier(), service(), "", id="as decided"),
        pytest.param(tier(), service(7), "busy", id="an engineer changed the count"),
        pytest.param(tier(), service(state="IN_PROGRESS"), "busy", id="somebody deploys"),
        pytest.param(
            tier(), service(deployments=TWO), "busy", id="the deployment before still runs"
        ),
        pytest.param(tier(), service(controller="EXTERNAL"), "target", id="not ECS's"),
        pytest.param(tier(), service(controller="CODE_DEPLOY"), "target", id="CodeDeploy's"),
        pytest.param(tier(), service(strategy="BLUE_GREEN"), "target", id="blue/green"),
        pytest.param(tier(service=service(1)), service(1), "cap", id="at its floor"),
        pytest.param(tier(cpu=series(52, 52, 52)), service(), "", id="6 of 8 at 69 %"),
        pytest.param(tier(cpu=series(53, 53, 53)), service(), "cap", id="6 of 8 at 71 %"),
        pytest.param(
            tier(cpu=series(53, 10, 10)), service(), "cap", id="the busiest minute counts"
        ),
        pytest.param(
            tier(cpu=series(90, *[10] * 7)), service(), "", id="what was 8 min ago does not"
        ),
        pytest.param(tier(cpu=()), service(), "target", id="CPU not measured"),
        pytest.param(tier(cpu=series(10, 10)), service(), "target", id="CPU measured twice"),
        pytest.param(tier(cpu=series(10, 10, 10, newest=5)), service(), "", id="CPU 7 min old"),
        pytest.param(
            tier(cpu=series(10, 10, 10, newest=5.1)), service(), "target", id="CPU older than that"
        ),
        pytest.param(tier(cpu=UNKNOWN), service(), "target", id="CPU not readable"),
        pytest.param(tier(scaling=Scaling(7, ())), service(), "cap", id="auto scaling keeps 7"),
        pytest.param(tier(scaling=Scaling(0, ("cpu",))), service(), "cap", id="a policy"),
        pytest.param(tier(scaling=UNKNOWN), service(), "target", id="auto scaling not readable"),
        pytest.param(tier(), UNKNOWN, "target", id="service not readable"),
    ],
)
def test_lowers_only_what_bears_it(seen: Tier, now: Any, code: str) -> None:
    refusal = made(Scale).refuse(Facts({"worker": seen}), {"scale.service": now})

    assert (refusal.code if refusal else "") == code


def test_writes_the_stated_count_once(stubbed: Any) -> None:
    client, stub = stubbed("ecs")
    asked = {"cluster": "saas-prod", "service": "saas-worker", "desiredCount": 6}
    answer = {"service": {"desiredCount": 6}, "ResponseMetadata": {"RequestId": "r-1"}}
    stub.add_response("update_service", answer, asked)
    fix = made(Scale, FakeAws(fixers={"ecs": client}))

    change = fix.apply(attempt("scale_worker", prior=fix.prior({"scale.service": service()})))

    assert change.left == {"desired": 6}


@pytest.mark.parametrize(
    ("now", "minutes", "expected"),
    [
        pytest.param(service(6), 0.1, Landed.YES, id="lowered"),
        pytest.param(service(8), 0.5, Landed.TOO_EARLY, id="unchanged, half a minute"),
        pytest.param(service(8), 1, Landed.NO, id="unchanged, a minute"),
        pytest.param(service(5), 1, Landed.UNKNOWN, id="another count"),
        pytest.param(UNKNOWN, 1, Landed.UNREADABLE, id="not readable"),
    ],
)
def test_tells_whether_a_lost_call_landed(now: Any, minutes: float, expected: Landed) -> None:
    tried = attempt("scale_worker", None, minutes, prior={"desired": 8, "to": 6})

    assert made(Scale).landed(Facts({"worker": tier(service=now)}), tried) is expected


@pytest.mark.parametrize(
    ("now", "code"),
    [
        pytest.param(service(6), "", id="as we left it"),
        pytest.param(service(5), "superseded", id="somebody else's count"),
        pytest.param(service(8), "superseded", id="put back by hand"),
        pytest.param(service(6, "IN_PROGRESS"), "busy", id="somebody deploys"),
        pytest.param(service(5, "IN_PROGRESS"), "superseded", id="somebody deploys another count"),
        pytest.param(UNKNOWN, "target", id="not readable"),
    ],
)
def test_puts_back_only_what_it_left(now: Any, code: str) -> None:
    ours = attempt("scale_worker", prior={"desired": 8, "to": 6}, left={"desired": 6})

    refusal = made(Restore).refuse(Facts(), {"scale.service": now, UNDOES: ours})

    assert (refusal.code if refusal else "") == code


def test_puts_nothing_back_where_it_left_nothing() -> None:
    refused = attempt("scale_worker", prior={"desired": 8, "to": 6}, left={})

    refusal = made(Restore).refuse(Facts(), {"scale.service": service(8), UNDOES: refused})

    assert refusal is not None
    assert refusal.code == "superseded"


def test_puts_back_the_count_before() -> None:
    ours = attempt("scale_worker", prior={"desired": 8, "to": 6}, left={"desired": 6})

    prior = made(Restore).prior({"scale.service": service(6), UNDOES: ours})

    assert prior == {"desired": 6, "to": 8}
