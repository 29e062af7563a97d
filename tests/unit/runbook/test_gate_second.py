"""A fix that another has to follow: half a change is worse than none."""

from datetime import timedelta
from typing import Any

import pytest

from around import incident
from fake_gate import MODE, ON, FakeFix, FakeSsm, gate
from runbook import incidents
from runbook.clock import to_text
from runbook.gate import Gate, Refusal
from runbook.limits import Limits
from worker_facts import NOW, facts

OWN = "/nightshift/prod/modes/switch"
FIRST = FakeFix(name="switch", mode_key="switch", resource="ssm:provider", deploys=False)
SECOND = FakeFix()
LIVE = {**ON, OWN: "act"}
B_IS_OPEN = {
    incidents.key("db_connections", "saas-db"): {
        "open": "open",
        "status": "open",
        "incident_id": "db_connections-1",
        "opened_at": to_text(NOW),
    }
}


def paired(**changes: Any) -> Gate:
    modes = {"redeploy_worker": MODE, "switch": OWN}
    return gate(scenario="ai_provider_outage", modes=modes, follows={FIRST.name: SECOND}, **changes)


def refused(live: dict[str, str], spent: dict[str, Any], **asked: bool) -> Refusal | None:
    answers = {"gate.live": live, "gate.spent": spent}
    return paired().refuse(FIRST, facts(), answers, NOW, **{"by_hand": False, **asked})


@pytest.mark.parametrize("by_hand", [True, False], ids=["by hand", "by itself"])
@pytest.mark.parametrize(
    ("mode", "spent", "code"),
    [
        pytest.param("propose", {}, "mode", id="its mode"),
        pytest.param("act", B_IS_OPEN, "connections", id="no deployment now"),
    ],
)
def test_refuses_the_first_where_the_second_would_be_refused(
    mode: str, spent: dict[str, Any], code: str, *, by_hand: bool
) -> None:
    refusal = refused({**LIVE, MODE: mode}, spent, by_hand=by_hand)

    assert refusal is not None
    assert code == refusal.code
    assert "redeploy of ecs:saas-prod/saas-worker has to follow" in refusal.reason


def test_lets_the_first_pass_where_both_may() -> None:
    assert refused(LIVE, {}) is None


def test_taking_it_back_asks_for_no_mode() -> None:
    assert refused({**LIVE, MODE: "off"}, B_IS_OPEN, undo=True) is None


@pytest.mark.parametrize(
    ("spent", "code"),
    [
        pytest.param(
            {
                f"cooldown#{SECOND.resource}#redeploy": {
                    "until": to_text(NOW + timedelta(minutes=9)),
                    "applied_at": to_text(NOW),
                }
            },
            "cooldown",
            id="cooldown",
        ),
        pytest.param(
            {
                "budget#environment": {
                    "version": 1,
                    "spent_at": [to_text(NOW)] * (Limits().fixes_per_environment - 1),
                }
            },
            "budget",
            id="budget for one only",
        ),
    ],
)
def test_spends_nothing_where_the_second_could_not_be_paid(
    spent: dict[str, Any], code: str
) -> None:
    taken = paired().spend(FIRST, {"gate.spent": spent}, incident(), NOW, by_hand=False)

    assert isinstance(taken, Refusal)
    assert code == taken.code


def test_reads_what_both_need_in_the_same_calls() -> None:
    both = paired(ssm=FakeSsm(values=LIVE))
    reads = both.rereads(FIRST, facts())

    live = reads["gate.live"]()
    reads["gate.spent"]()

    asked = both.table.asked  # type: ignore[attr-defined]
    assert live == LIVE
    assert (f"cooldown#{SECOND.resource}#redeploy", "-") in asked
    assert len(asked) == len(set(asked))
