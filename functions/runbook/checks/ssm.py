"""SSM: one parameter of the users', with its version."""

from dataclasses import dataclass
from typing import Any

from runbook.model import Unknown
from runbook.permissions import Need

NEEDS = (Need("ssm:GetParameter", "parameter"),)


@dataclass(frozen=True)
class Parameter:
    """A parameter at one moment; the version grows with each change."""

    value: str
    version: int


def parameter(ssm: Any, name: str) -> Parameter:
    """Read a parameter that is no secret."""
    found = ssm.get_parameter(Name=name)["Parameter"]
    return Parameter(str(found["Value"]), int(found["Version"]))


def line(fact: Parameter | Unknown) -> str:
    """Return the parameter as one line for people."""
    if isinstance(fact, Unknown):
        return f"unknown: {fact.why}"
    return f"{fact.value}, version {fact.version}"
