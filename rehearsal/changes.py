"""What Nightshift changed in the users' systems, read from evidence, in words that a case can expect."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rehearsal.journal import read

Line = Mapping[str, Any]


@dataclass(frozen=True)
class Change:
    """One change that was accepted.

    Attributes:
        at: as the journal writes moments.
        function: who made it; empty where the other side cannot tell.
        text: for example ``scale saas-worker to 3``.
    """

    at: str
    function: str
    text: str


def _update(line: Line) -> str:
    params = line.get("params", {})
    name = str(params.get("service", "")).rsplit("/", 1)[-1]
    told = []
    if "desiredCount" in params:
        told.append(f"scale {name} to {params['desiredCount']}")
    if "taskDefinition" in params:
        told.append(f"deploy {params['taskDefinition'].rsplit('/', 1)[-1]} to {name}")
    if not told:
        told.append(
            f"{'redeploy' if params.get('forceNewDeployment') else 'ask nothing of'} {name}"
        )
    return " and ".join(told)


def _register(line: Line) -> str:
    params = line.get("params", {})
    return f"register {params.get('family')} with {params.get('memory')} MiB"


def _parameter(line: Line) -> str:
    params = line.get("params", {})
    return f"set {params.get('Name')} to {params.get('Value')}"


def _stop(line: Line) -> str:
    arn = str(line.get("params", {}).get("serviceDeploymentArn", "//"))
    return f"stop the deployment of {arn.split('/')[-2]}"


def _run(line: Line) -> str:
    params = line.get("params", {})
    name = str(params.get("taskDefinition", "")).rsplit("/", 1)[-1].rsplit(":", 1)[0]
    commands = params.get("overrides", {}).get("containerOverrides", [])
    words = [str(word) for one in commands for word in one.get("command", [])]
    if any("alembic downgrade" in word for word in words):
        return f"run alembic downgrade to {words[-1]} in a task of {name}"
    if any("alembic current" in word for word in words):
        return f"ask alembic in a task of {name}"
    return f"run a task of {name}"


WORDS: Mapping[str, Callable[[Line], str]] = {
    "ecs UpdateService": _update,
    "ecs RegisterTaskDefinition": _register,
    "ecs StopServiceDeployment": _stop,
    "ecs RunTask": _run,
    "ssm PutParameter": _parameter,
}
"""Every call that a fix may make, by service and operation."""


def accepted(line: Line) -> bool:
    """Say whether a call changed something, was accepted, and was made by a function of ours."""
    name = f"{line['service']} {line['operation']}"
    return name in WORDS and line["status"] == 200 and line["function"] != "driver"


def changes(folder: Path) -> list[Change]:
    """Return every accepted change, oldest first: calls of AWS, and what was posted to the SaaS."""
    calls = [
        Change(line["at"], line["function"], WORDS[f"{line['service']} {line['operation']}"](line))
        for line in read(folder, "changes")
        if accepted(line)
    ]
    posted = [
        Change(line["at"], "", f"{line['method']} {line['path']}")
        for line in read(folder, "http")
        if line["status"] < 300
    ]
    return sorted([*calls, *posted], key=lambda one: one.at)
