"""Which alarms are triaged: those that opted in, and never anybody else's."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from report_world import TOLD
from runbook.errors import TriggerError
from runbook.settings import build
from triage.rang import Rang, parse
from triage.settings import Settings

EVENT = Path(__file__).parents[3] / "events" / "triage_alarm.json"
SETTINGS = build(
    Settings,
    {
        **TOLD,
        "alarms": ["checkout latency", "TargetTracking-a", "nightshift-prod/meta/dead-letters"],
    },
    "triage",
)
"""As no environment file may have it: the function keeps to the rule all the same."""


def event(path: str = "", value: Any = None) -> dict[str, Any]:
    """Return the event that is shown as an example, with one field changed."""
    found: dict[str, Any] = json.loads(EVENT.read_text(encoding="utf-8"))
    part = copy.deepcopy(found)
    *parents, last = path.split(".")
    inner = part
    for name in parents:
        inner = inner[name]
    if path:
        inner[last] = value
    return part


def named(name: str) -> dict[str, Any]:
    return event("detail.alarmName", name)


@pytest.mark.parametrize(
    "name",
    ["nightshift-triage-prod/checkout-latency", "nightshift-triage-prod/a b", "checkout latency"],
    ids=["by its name", "with a space", "by the environment file"],
)
def test_takes_an_alarm_that_opted_in(name: str) -> None:
    found = parse(named(name), SETTINGS)

    assert found == Rang(name, "0c1f6a2e-5d1b-4b0e-9a57-2f6f6b1f9d11")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        pytest.param("checkout", "expected a name that begins with", id="nobody asked"),
        pytest.param(
            "checkout latency 2", "expected a name that begins with", id="it only begins like one"
        ),
        pytest.param("Nightshift-Triage-Prod/a", "expected a name that", id="in capitals"),
        pytest.param(
            "nightshift-triage-test/a", "'nightshift-triage-prod/'", id="another environment's"
        ),
        pytest.param(
            "nightshift-triage-prod-2/a", "expected a name that", id="one with a longer name"
        ),
        pytest.param("TargetTracking-a", "are never triaged", id="auto scaling's"),
        pytest.param("nightshift-prod/meta/dead-letters", "are never triaged", id="our own"),
        pytest.param("", "expected a text", id="no name"),
        pytest.param(7, "expected a text", id="a number"),
    ],
)
def test_refuses_an_alarm_that_did_not(name: Any, why: str) -> None:
    with pytest.raises(TriggerError, match=why):
        parse(named(name), SETTINGS)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        pytest.param(None, "the event is a NoneType", id="nothing"),
        pytest.param({}, "event.source is None", id="an empty one"),
        pytest.param(event("source", "me"), "expected 'aws.cloudwatch'", id="not CloudWatch's"),
        pytest.param(event("detail-type", "x"), "event.detail-type is 'x'", id="another kind"),
        pytest.param(event("account", "999999999999"), "event.account", id="another account"),
        pytest.param(event("region", "x"), "event.region is 'x'", id="another region"),
        pytest.param(event("detail", []), "event.detail is ", id="no detail"),
        pytest.param(event("detail.state", "ALARM"), "event.detail.state is ", id="no state"),
        pytest.param(event("detail.state.value", "OK"), "expected 'ALARM'", id="it is over"),
        pytest.param(event("id", ""), "event.id is ''", id="no id"),
        pytest.param({"reason": "r"}, "event.source is None", id="a request by hand"),
    ],
)
def test_refuses_what_is_no_ringing_alarm_of_here(changed: Any, why: str) -> None:
    with pytest.raises(TriggerError, match=why):
        parse(changed, SETTINGS)
