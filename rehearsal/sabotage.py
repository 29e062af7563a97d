"""How Nightshift is broken on purpose.

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


def template(edit: Callable[[dict[str, Resource]], int]) -> Callable[[Path], None]:
    """Return a sabotage of the template; ``edit`` returns how many places it changed."""

    def sabotage(assembly: Path) -> None:
        path = next(assembly.glob("*.template.json"))
        found = json.loads(path.read_text(encoding="utf-8"))
        if not edit(found["Resources"]):
            raise ControlError("the template has no such place")
        path.write_text(json.dumps(found), encoding="utf-8")

    return sabotage


def code(file: str, old: str, new: str) -> Callable[[Path], None]:
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


def rules_off(resources: dict[str, Resource]) -> int:
    """Disable every rule that waits for events."""
    rules = [
        one["Properties"]
        for one in resources.values()
        if one["Type"] == "AWS::Events::Rule" and "EventPattern" in one["Properties"]
    ]
    for rule in rules:
        rule["State"] = "DISABLED"
    return len(rules)


def without(action: str) -> Callable[[dict[str, Resource]], int]:
    """Return an edit that cuts an action from every policy."""

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


def twin_mute(resources: dict[str, Resource]) -> int:
    """Have the slow copy of the queue's alarm tell nobody."""
    twins = [
        one["Properties"]
        for one in resources.values()
        if one["Type"] == "AWS::CloudWatch::Alarm"
        and one["Properties"]["AlarmName"].endswith("second-path/queue-depth")
    ]
    for twin in twins:
        twin.pop("AlarmActions")
    return len(twins)


def keys_for_cloudwatch_only(resources: dict[str, Resource]) -> int:
    """Take the account out of the keys' own policies: then no role's policy counts there any more."""
    changed = 0
    for one in resources.values():
        if one["Type"] == "AWS::KMS::Key":
            policy = one["Properties"]["KeyPolicy"]
            left = [two for two in policy["Statement"] if "AWS" not in two["Principal"]]
            changed += len(policy["Statement"]) - len(left)
            policy["Statement"] = left
    return changed


def no_redis_package(assembly: Path) -> None:
    """Leave a dependency out of the probe's asset."""
    folders = list(assembly.glob("asset.*/redis"))
    if len(folders) != 1:
        raise ControlError(f"{len(folders)} assets carry redis, expected 1")
    shutil.rmtree(folders[0])


def sabotaged(control: Control, assembly: Path, into: Path) -> Path:
    """Copy an assembly and break the copy.

    Raises:
        ControlError: the control does not fit the code any more.
    """
    shutil.copytree(assembly, into)
    control.sabotage(into)
    return into
