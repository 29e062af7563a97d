"""What was changed, in the words that a case expects: from the parameters that reached the embedded AWS."""

import json
from pathlib import Path
from typing import Any

import pytest

from evidence import FUNCTION, Line, Night, Spoil, at, call, repaired, watched
from rehearsal.aws import server
from rehearsal.cases.case import Expected
from rehearsal.changes import WORDS, changes
from rehearsal.world import World

PAGED = (("is observe",),)
REDEPLOY = {"service": "saas-worker", "forceNewDeployment": True}


def _change(clock: str, operation: str, params: Any, **other: Any) -> Line:
    line = {"function": FUNCTION, "service": "ecs", "operation": operation, "status": 200}
    return {"at": at(clock), **line, "params": params, **other}


def _redeployed() -> Night:
    """Return the evidence of one redeploy and one post to the SaaS, and a case that expects both."""
    night = watched()
    night.add("aws-calls", call("03:13", "UpdateService"))
    night.add("changes", _change("03:13", "UpdateService", REDEPLOY))
    night.add("http", {"at": at("03:14"), "method": "POST", "path": "/reconcile", "status": 202})
    night.expected = Expected(changes=("redeploy saas-worker", "POST /reconcile"), pages=PAGED)
    return night


def test_the_changes_that_a_case_expects_are_ok(tmp_path: Path) -> None:
    assert _redeployed().judged(tmp_path).why == []


CHANGED = "changed: {}, expected ['redeploy saas-worker', 'POST /reconcile']"
SPOILED: dict[str, tuple[list[str], Spoil]] = {
    "only in the parameters": (
        ["the call log has 0 changes, 1 have parameters"],
        lambda night: night.drop("aws-calls", operation="UpdateService"),
    ),
    "only in the call log": (
        [
            CHANGED.format(["POST /reconcile"]),
            "the call log has 1 changes, 0 have parameters",
        ],
        lambda night: night.drop("changes", operation="UpdateService"),
    ),
    "refused": (
        [CHANGED.format(["POST /reconcile"])],
        lambda night: (
            night.change("changes", {"operation": "UpdateService"}, status=400),
            night.change("aws-calls", {"operation": "UpdateService"}, status=400),
        )[0],
    ),
    "another service": (
        [CHANGED.format(["redeploy saas-web", "POST /reconcile"])],
        lambda night: night.change(
            "changes", {"status": 200}, params={**REDEPLOY, "service": "saas-web"}
        ),
    ),
    "another order": (
        [CHANGED.format(["POST /reconcile", "redeploy saas-worker"])],
        lambda night: night.change("http", {"method": "POST"}, at=at("03:12")),
    ),
    "posted in vain": (
        [CHANGED.format(["redeploy saas-worker"])],
        lambda night: night.change("http", {"method": "POST"}, status=401),
    ),
    "before the break": (
        ["changed before anything was broken: ['redeploy saas-worker']"],
        lambda night: night.change("changes", {"status": 200}, at=at("03:07")),
    ),
}


@pytest.mark.parametrize(("why", "spoil"), SPOILED.values(), ids=SPOILED.keys())
def test_changes_are_compared_one_by_one_in_their_order(
    why: list[str], spoil: Spoil, tmp_path: Path
) -> None:
    night = _redeployed()

    spoil(night)

    assert why == night.judged(tmp_path).why


@pytest.mark.parametrize(
    ("params", "text"),
    [
        ({"service": "w", "desiredCount": 2}, "scale w to 2"),
        ({"service": "w", "taskDefinition": "w:7"}, "deploy w:7 to w"),
        ({"service": "w"}, "ask nothing of w"),
    ],
    ids=["scaled", "another revision", "nothing"],
)
def test_what_counts_as_a_redeploy_is_one(
    params: dict[str, Any], text: str, tmp_path: Path
) -> None:
    night = repaired()

    night.add("changes", _change("03:13", "UpdateService", params))

    assert night.judged(tmp_path).why == [f"changed more than a redeploy: [{text!r}]"]


def test_a_case_that_expects_no_change_is_red_for_any(tmp_path: Path) -> None:
    night = _redeployed()

    night.expected = Expected(changes=(), pages=PAGED)

    assert night.judged(tmp_path).why == [
        "changed: ['redeploy saas-worker', 'POST /reconcile'], expected []"
    ]


WORDED = {
    "redeploy": ("UpdateService", REDEPLOY, "redeploy saas-worker"),
    "service by ARN": (
        "UpdateService",
        {**REDEPLOY, "service": "arn:aws:ecs:r:a:service/saas-prod/saas-worker"},
        "redeploy saas-worker",
    ),
    "nothing forced": ("UpdateService", {"service": "w"}, "ask nothing of w"),
    "scale": ("UpdateService", {"service": "w", "desiredCount": 0}, "scale w to 0"),
    "deploy": (
        "UpdateService",
        {"service": "w", "taskDefinition": "arn:a:task-definition/saas-web:7"},
        "deploy saas-web:7 to w",
    ),
    "both at once": (
        "UpdateService",
        {"service": "w", "desiredCount": 2, "taskDefinition": "saas-web:7"},
        "scale w to 2 and deploy saas-web:7 to w",
    ),
    "register": (
        "RegisterTaskDefinition",
        {"family": "saas-web", "memory": "1024"},
        "register saas-web with 1024 MiB",
    ),
    "stop": (
        "StopServiceDeployment",
        {"serviceDeploymentArn": "arn:a:service-deployment/saas-prod/saas-web/1"},
        "stop the deployment of saas-web",
    ),
    "one task": ("RunTask", {"taskDefinition": "arn:a/migrate:3"}, "run a task of migrate"),
    "parameter": ("PutParameter", {"Name": "/p", "Value": "openai"}, "set /p to openai"),
}


@pytest.mark.parametrize(("operation", "params", "text"), WORDED.values(), ids=WORDED.keys())
def test_each_change_is_told_with_what_it_changes(
    operation: str, params: dict[str, Any], text: str, tmp_path: Path
) -> None:
    service = "ssm" if operation == "PutParameter" else "ecs"
    line = _change("03:13", operation, params, service=service)

    (tmp_path / "changes.jsonl").write_text(json.dumps(line), encoding="utf-8")

    (change,) = changes(tmp_path)
    assert text == change.text
    assert (change.at, change.function) == (at("03:13"), FUNCTION)


def test_the_rehearsals_own_changes_are_not_nightshifts(tmp_path: Path) -> None:
    line = _change("03:13", "UpdateService", REDEPLOY, function="driver")

    (tmp_path / "changes.jsonl").write_text(json.dumps(line), encoding="utf-8")

    assert changes(tmp_path) == []


def test_the_parameters_of_every_change_that_has_words_are_written_down() -> None:
    assert {name.split()[1] for name in WORDS} == server._SHOWN.keys()


def _world(**fields: Any) -> World:
    empty = {
        "desired": {}, "revisions": {}, "memory_mib": {}, "recent_requests": 0.0,
        "recent_errors": 0.0, "provider": "", "connections": None, "usage": {}, "counters": {},
        "rows": 0, "production": "",
    }  # fmt: skip
    return World(**{**empty, **fields})


def _served(world: World) -> str:
    return "" if world.recent_requests else "nobody was served"


@pytest.mark.parametrize(
    ("world", "why"),
    [
        (_world(recent_requests=9.0), []),
        (_world(), ["nobody was served"]),
        (None, ["nobody looked at the SaaS at the end"]),
    ],
    ids=["so", "not so", "not looked at"],
)
def test_a_proof_is_asked_of_the_saas_itself(
    world: World | None, why: list[str], tmp_path: Path
) -> None:
    night = watched()

    night.expected = Expected(proofs=(_served,), pages=PAGED)
    night.end(world=world)

    assert why == night.judged(tmp_path).why
