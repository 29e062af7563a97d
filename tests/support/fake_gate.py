"""A gate whose fix, table and parameters are as a test says."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from runbook.gate import Change, Gate, Landed, Refusal
from runbook.limits import Limits
from runbook.model import Attempt

SWITCH = "/nightshift/prod/switch"
MODE = "/nightshift/prod/modes/redeploy_worker"
RESOURCE = "ecs:saas-prod/saas-worker"
ON: dict[str, str] = {SWITCH: "on", MODE: "act"}


@dataclass(frozen=True)
class FakeFix:
    """A fix whose target is as the test says."""

    refusal: Refusal | None = None
    name: str = "redeploy"
    mode_key: str = "redeploy_worker"
    resource: str = RESOURCE
    holds: timedelta = timedelta(minutes=20)
    undo: str = "none"
    deploys: bool = True
    keep: timedelta | None = None

    def command(self) -> str:
        return "redeploy it"

    def rereads(self, facts: Any) -> dict[str, Any]:
        return {"fake.target": lambda: facts.at}

    def refuse(self, facts: Any, answers: Mapping[str, Any]) -> Refusal | None:
        del facts, answers
        return self.refusal

    def prior(self, answers: Mapping[str, Any]) -> dict[str, Any]:
        return {"deployment": answers["fake.target"]}

    def apply(self, attempt: Attempt) -> Change:
        raise AssertionError(f"{attempt} was applied by the gate itself")

    def left(self, facts: Any) -> dict[str, Any]:
        return {"at": facts.at}

    def landed(self, facts: Any, attempt: Attempt) -> Landed:
        del facts, attempt
        return Landed.UNKNOWN


@dataclass
class FakeTable:
    """Keeps which rows were asked for."""

    asked: list[tuple[str, str]] = field(default_factory=list)

    def get_many(self, keys: list[tuple[str, str]]) -> dict[str, Any]:
        self.asked += keys
        return {}


@dataclass
class FakeSsm:
    """Answers with the given parameters, or raises."""

    values: Mapping[str, str] = field(default_factory=lambda: dict(ON))
    error: Exception | None = None

    def get_parameters(self, Names: list[str]) -> dict[str, Any]:  # noqa: N803  # boto3's own name
        if self.error:
            raise self.error
        found = [
            {"Name": name, "Value": self.values[name]} for name in Names if name in self.values
        ]
        return {"Parameters": found, "InvalidParameters": sorted(set(Names) - set(self.values))}


def gate(ssm: Any = None, **changes: Any) -> Gate:
    usual = {"table": FakeTable(), "ssm": ssm or FakeSsm(), "switch": SWITCH}
    return Gate(
        **{
            **usual,
            "modes": {"redeploy_worker": MODE},
            "limits": Limits(),
            "scenario": "worker_stuck",
            "targets": {"redis_unavailable": "saas-redis", "db_connections": "saas-db"},
            **changes,
        }
    )
