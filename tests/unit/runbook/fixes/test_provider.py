"""Switching the AI provider, and back: stated values, compared before each write."""

from dataclasses import dataclass
from typing import Any

import pytest

from around import NOW, attempt
from fake_redeploy import FakeAws
from runbook.checks.ssm import Parameter
from runbook.fixes.provider import SwitchBack, SwitchProvider
from runbook.gate import UNDOES, Landed
from runbook.model import Attempt, Unknown

NAME = "/prod/ai/provider"
BEFORE = Parameter("anthropic", 4)


@dataclass(frozen=True)
class Facts:
    provider: Parameter | Unknown = BEFORE
    at: Any = NOW


def switch(aws: Any = None) -> SwitchProvider:
    return SwitchProvider(aws or FakeAws(), NAME, "openai", "me-south-1")


def back(aws: Any = None) -> SwitchBack:
    return SwitchBack(aws or FakeAws(), NAME, "<before>", "me-south-1")


def ours() -> Attempt:
    left = {"value": "openai", "version": 5}
    return attempt("switch_provider", prior={"value": "anthropic", "version": 4}, left=left)


@pytest.mark.parametrize(
    ("now", "code"),
    [
        pytest.param(BEFORE, "", id="as decided"),
        pytest.param(Parameter("anthropic", 5), "busy", id="written again meanwhile"),
        pytest.param(Parameter("mistral", 5), "busy", id="another meanwhile"),
        pytest.param(Unknown("throttled"), "target", id="not readable"),
    ],
)
def test_switches_only_what_the_decision_saw(now: Any, code: str) -> None:
    refusal = switch().refuse(Facts(), {"provider.now": now})

    assert (refusal.code if refusal else "") == code


def test_does_not_switch_to_what_it_is_already() -> None:
    there = Parameter("openai", 4)

    refusal = switch().refuse(Facts(there), {"provider.now": there})

    assert refusal is not None


def test_writes_the_stated_value_once(stubbed: Any) -> None:
    client, stub = stubbed("ssm")
    asked = {"Name": NAME, "Value": "openai", "Type": "String", "Overwrite": True}
    answer = {"Version": 5, "ResponseMetadata": {"RequestId": "r-1"}}
    stub.add_response("put_parameter", answer, asked)
    fix = switch(FakeAws(fixers={"ssm": client}))

    change = fix.apply(attempt("switch_provider", prior=fix.prior({"provider.now": BEFORE})))

    assert change.left == {"value": "openai", "version": 5}


@pytest.mark.parametrize(
    ("now", "minutes", "expected"),
    [
        pytest.param(Parameter("openai", 5), 0.1, Landed.YES, id="written"),
        pytest.param(BEFORE, 0.5, Landed.TOO_EARLY, id="unchanged, half a minute"),
        pytest.param(BEFORE, 1, Landed.NO, id="unchanged, a minute"),
        pytest.param(Parameter("openai", 6), 2, Landed.UNKNOWN, id="written twice"),
        pytest.param(Parameter("mistral", 5), 2, Landed.UNKNOWN, id="somebody else's"),
        pytest.param(Unknown("throttled"), 2, Landed.UNREADABLE, id="not readable"),
    ],
)
def test_tells_whether_a_lost_call_landed(now: Any, minutes: float, expected: Landed) -> None:
    tried = attempt("switch_provider", None, minutes, prior={"version": 4, "to": "openai"})

    assert switch().landed(Facts(now), tried) is expected


@pytest.mark.parametrize(
    ("now", "code"),
    [
        pytest.param(Parameter("openai", 5), "", id="as we left it"),
        pytest.param(Parameter("openai", 6), "superseded", id="written again since"),
        pytest.param(Parameter("mistral", 6), "superseded", id="changed since"),
        pytest.param(Unknown("throttled"), "target", id="not readable"),
    ],
)
def test_switches_back_only_what_it_left(now: Any, code: str) -> None:
    refusal = back().refuse(Facts(), {"provider.now": now, UNDOES: ours()})

    assert (refusal.code if refusal else "") == code


def test_switches_back_to_what_was_there_before() -> None:
    prior = back().prior({"provider.now": Parameter("openai", 5), UNDOES: ours()})

    assert prior["to"] == "anthropic"
