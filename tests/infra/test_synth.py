"""The assembly itself: feature flags, the CLI it needs, cdk-nag's findings, and what a rehearsal deploys."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import infra.nag
from infra.environment import load
from infra.synth import ROOT, build, context
from rehearsal.synth_check import REPLACED, differences
from synthesized import Synthesized


def test_every_flag_of_cdk_json_is_known_and_applied_without_the_cli(stack: Synthesized) -> None:
    report = stack.manifest["artifacts"]["aws-cdk-lib/feature-flag-report"]["properties"]["flags"]
    applied = {name: one["userValue"] for name, one in report.items() if "userValue" in one}

    assert applied == context()


def version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))


def test_the_cli_that_is_named_can_read_the_assembly(stack: Synthesized) -> None:
    named = re.findall(r"aws-cdk@(\d+\.\d+\.\d+)", (ROOT / "app.py").read_text(encoding="utf-8"))

    assert named
    assert version(stack.manifest["minimumCliVersion"]) <= min(version(one) for one in named)


def test_nothing_is_found_that_is_not_acknowledged(stack: Synthesized) -> None:
    report = json.loads((stack.folder / "validation-report.json").read_text(encoding="utf-8"))

    assert [one["violations"] for one in report["pluginReports"]] == []


def test_every_acknowledgement_is_of_something_that_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(infra.nag, "acknowledge", lambda _stack, _environment: None)

    with pytest.raises(RuntimeError, match="ValidationFailed"):
        build(load("prod"), tmp_path)

    report = json.loads((tmp_path / "validation-report.json").read_text(encoding="utf-8"))
    (plugin,) = report["pluginReports"]
    found = {one["ruleName"] for one in plugin["violations"]}
    assert plugin["pluginName"] == "AwsSolutions"
    assert found == set(infra.nag.reasons(load("prod")))


def test_the_assembly_needs_no_docker(stack: Synthesized) -> None:
    assets = json.loads(next(stack.folder.glob("*.assets.json")).read_text(encoding="utf-8"))

    assert assets["dockerImages"] == {}


def test_what_is_rehearsed_is_what_is_synthesized_but_for_the_addresses(
    prod: Synthesized, rehearsed: Synthesized
) -> None:
    assert differences(rehearsed.folder, prod.folder) == []


def test_a_rehearsal_replaces_nothing_but_the_addresses(
    prod: Synthesized, rehearsed: Synthesized
) -> None:
    changed = {
        (folder, key)
        for folder in prod.functions
        for key, value in prod.settings(folder).items()
        if rehearsed.settings(folder)[key] != value
    }

    assert {folder for folder, _ in changed} >= {"redis_probe", "health_probe"}
    assert {key for _, key in changed} <= set(REPLACED)


def _threshold(template: dict[str, Any]) -> None:
    alarm = _first(template, "AWS::CloudWatch::Alarm")
    alarm["Threshold"] += 1


def _permission(template: dict[str, Any]) -> None:
    statement = _first(template, "AWS::IAM::Policy")["PolicyDocument"]["Statement"][0]
    statement["Resource"] = "*"


def _timeout(template: dict[str, Any]) -> None:
    _first(template, "AWS::Lambda::Function")["Timeout"] -= 1


def _setting(template: dict[str, Any]) -> None:
    variables = _first(template, "AWS::Lambda::Function")["Environment"]["Variables"]
    told = json.loads(variables["NIGHTSHIFT_SETTINGS"])
    variables["NIGHTSHIFT_SETTINGS"] = json.dumps({**told, "environment": "another"})


def _rule(template: dict[str, Any]) -> None:
    _first(template, "AWS::Events::Rule")["State"] = "DISABLED"


def _first(template: dict[str, Any], kind: str) -> dict[str, Any]:
    found: dict[str, Any] = next(
        one["Properties"] for one in template["Resources"].values() if one["Type"] == kind
    )
    return found


@pytest.mark.parametrize(
    "change",
    [_threshold, _permission, _timeout, _setting, _rule],
    ids=["threshold", "permission", "timeout", "setting", "rule"],
)
def test_another_template_is_noticed_before_it_is_rehearsed(
    prod: Synthesized, tmp_path: Path, change: Callable[[dict[str, Any]], None]
) -> None:
    other = shutil.copytree(prod.folder, tmp_path / "other", ignore=_without_code)
    path = next(other.glob("*.template.json"))
    template = json.loads(path.read_text(encoding="utf-8"))
    change(template)
    path.write_text(json.dumps(template), encoding="utf-8")

    (sentence,) = differences(other, prod.folder)

    assert sentence == "the rehearsed template is not the one that make synth writes"


def test_another_asset_is_noticed_before_it_is_rehearsed(prod: Synthesized, tmp_path: Path) -> None:
    other = shutil.copytree(prod.folder, tmp_path / "other", ignore=_without_code)
    asset = prod.asset("patrol").name
    (other / asset).rename(other / "asset.0000")

    (sentence,) = differences(other, prod.folder)

    assert sentence.startswith("the rehearsed assets differ from make synth's: ")
    assert asset in sentence


def _without_code(folder: str, names: list[str]) -> list[str]:
    """Return what need not be copied: the assets' contents."""
    return names if Path(folder).name.startswith("asset.") else []
