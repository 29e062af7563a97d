"""Breaks Nightshift on purpose: each control must turn its case red, or the judge proves nothing.

A control edits a copy of the assembly, template or asset, at a place that must be there exactly once, so
that a control which no longer fits the code fails loudly itself.
"""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Resource = dict[str, Any]


class ControlError(Exception):
    """A control does not fit the code any more; the message says where."""


@dataclass(frozen=True)
class Control:
    """One sabotage.

    Attributes:
        case: which case it must turn red.
        what: what is broken, in a few words.
        because: what the judge must say of it; red for another reason proves nothing.
        sabotage: edits the copied assembly.
    """

    case: str
    what: str
    because: str
    sabotage: Callable[[Path], None]


def _template(edit: Callable[[dict[str, Resource]], int]) -> Callable[[Path], None]:
    """Return a sabotage of the template; ``edit`` returns how many places it changed."""

    def sabotage(assembly: Path) -> None:
        path = next(assembly.glob("*.template.json"))
        template = json.loads(path.read_text(encoding="utf-8"))
        if not edit(template["Resources"]):
            raise ControlError("the template has no such place")
        path.write_text(json.dumps(template), encoding="utf-8")

    return sabotage


def _code(file: str, old: str, new: str) -> Callable[[Path], None]:
    """Return a sabotage of a file in the assets."""

    def sabotage(assembly: Path) -> None:
        paths = list(assembly.glob(f"asset.*/{file}"))
        if not paths:
            raise ControlError(f"no asset has {file}")
        for path in paths:
            text = path.read_text(encoding="utf-8")
            if text.count(old) != 1:
                raise ControlError(f"{file} has {text.count(old)} places with {old!r}, expected 1")
            path.write_text(text.replace(old, new), encoding="utf-8")

    return sabotage


def _rules_off(resources: dict[str, Resource]) -> int:
    rules = [
        one["Properties"]
        for one in resources.values()
        if one["Type"] == "AWS::Events::Rule" and "EventPattern" in one["Properties"]
    ]
    for rule in rules:
        rule["State"] = "DISABLED"
    return len(rules)


def _without(action: str) -> Callable[[dict[str, Resource]], int]:
    def edit(resources: dict[str, Resource]) -> int:
        changed = 0
        for one in resources.values():
            if one["Type"] != "AWS::IAM::Policy":
                continue
            statements = one["Properties"]["PolicyDocument"]["Statement"]
            for statement in list(statements):
                actions = statement["Action"]
                listed = actions if isinstance(actions, list) else [actions]
                if action in listed:
                    changed += 1
                    statement["Action"] = [two for two in listed if two != action]
                    if not statement["Action"]:
                        statements.remove(statement)
        return changed

    return edit


def _twin_mute(resources: dict[str, Resource]) -> int:
    twins = [
        one["Properties"]
        for one in resources.values()
        if one["Type"] == "AWS::CloudWatch::Alarm"
        and one["Properties"]["AlarmName"].endswith("second-path/queue-depth")
    ]
    for twin in twins:
        twin.pop("AlarmActions")
    return len(twins)


def _no_redis_package(assembly: Path) -> None:
    folders = list(assembly.glob("asset.*/redis"))
    if len(folders) != 1:
        raise ControlError(f"{len(folders)} assets carry redis, expected 1")
    shutil.rmtree(folders[0])


_NO_OP = """answer = {
            "service": self.aws.reader("ecs").describe_services(
                cluster=self.cluster, services=[self.service]
            )["services"][0],
            "ResponseMetadata": {},
        }"""
_UPDATE = """answer = self.aws.fixer("ecs").update_service(
            cluster=self.cluster, service=self.service, forceNewDeployment=True
        )"""

CONTROLS: dict[str, tuple[Control, ...]] = {
    "worker_stuck": (
        Control("frozen", "rules disabled", "0 redeploys reached ECS", _template(_rules_off)),
        Control(
            "frozen",
            "ecs:UpdateService cut",
            "denied by IAM: ecs:UpdateService",
            _template(_without("ecs:UpdateService")),
        ),
        Control(
            "frozen",
            "fix is a no-op",
            "0 redeploys reached ECS",
            _code("runbook/fixes/redeploy.py", _UPDATE, _NO_OP),
        ),
        Control(
            "frozen",
            "probe is mute",
            "the alarm ended as INSUFFICIENT_DATA",
            _code("redis_probe/handler.py", "metrics.emit(reading.by_queue()", "metrics.emit({}"),
        ),
        Control("frozen", "redis not in the asset", "redis-probe-errors", _no_redis_package),
        Control(
            "crash_loop",
            "sns:Publish cut",
            "denied by IAM: sns:Publish",
            _template(_without("sns:Publish")),
        ),
        Control(
            "backlog",
            "busy workers not asked",
            "1 redeploys reached ECS, expected 0",
            _code("worker_stuck/decide.py", "    _draining,\n    _stuck,", "    _stuck,"),
        ),
        Control(
            "frozen_again",
            "ECS's answer is the verdict",
            "no page says 'did not help'",
            _code("worker_stuck/decide.py", "if before - now > held or now == 0:", "if True:"),
        ),
        Control(
            "observe",
            "mode ignored",
            "1 redeploys reached ECS, expected 0",
            _code(
                "runbook/gate.py",
                "or (None if by_hand else self._mode(fix, live))",
                "or None",
            ),
        ),
        Control(
            "switched_off",
            "switch ignored",
            "1 redeploys reached ECS, expected 0",
            _code("runbook/gate.py", "self._switch(live)\n            or", "None\n            or"),
        ),
        Control(
            "engineer_deploys",
            "target not re-read",
            "1 redeploys reached ECS, expected 0",
            _code("runbook/gate.py", "or fix.refuse(facts, answers)", "or None"),
        ),
        Control(
            "dies_midway",
            "intent forgotten",
            "no update says 'redeploy applied'",
            _code("runbook/held.py", "if self._incident.unanswered:", "if None:"),
        ),
        Control(
            "nightshift_dead",
            "slow twin mute",
            "no message on the second path says 'second-path/queue-depth'",
            _template(_twin_mute),
        ),
    )
}


def sabotaged(control: Control, assembly: Path, into: Path) -> Path:
    """Copy an assembly and break the copy.

    Raises:
        ControlError: the control does not fit the code any more.
    """
    shutil.copytree(assembly, into)
    control.sabotage(into)
    return into
