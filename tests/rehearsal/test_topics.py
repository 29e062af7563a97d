"""Topics of the embedded AWS: whose key policy counts for them. The topics and keys are moto's own shapes."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from rehearsal.aws import iam, topics
from rehearsal.aws.topics import Topics
from rehearsal.journal import Journal

PLACE = iam.Place("me-south-1", "111122223333")
PAGES, OPEN = PLACE.arn("sns", "pages"), PLACE.arn("sns", "open")
ROLE = "arn:aws:iam::111122223333:role/worker-stuck"
ROOT = f"arn:aws:iam::{PLACE.account}:root"
EVERYTHING = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


@dataclass(frozen=True)
class Key:
    arn: str
    policy: Any


@dataclass(frozen=True)
class Topic:
    kms_master_key_id: str | None


def _key_policies(assembly: Path) -> list[Any]:
    [template] = assembly.glob("*.template.json")
    resources = json.loads(template.read_text(encoding="utf-8"))["Resources"].values()
    return [one["Properties"]["KeyPolicy"] for one in resources if one["Type"] == "AWS::KMS::Key"]


def _topics(
    keys: Mapping[str, Key],
    all_topics: Mapping[str, Topic],
    monkeypatch: pytest.MonkeyPatch,
    journal: Journal,
) -> Topics:
    def backend(**fields: Any) -> Any:
        return {PLACE.account: {PLACE.region: type("Backend", (), fields)}}

    monkeypatch.setattr(topics, "kms_backends", backend(keys=keys))
    monkeypatch.setattr(topics, "sns_backends", backend(topics=all_topics))
    return Topics(PLACE, journal)


@pytest.mark.parametrize("named_by", ["arn", "id"])
def test_an_encrypted_topic_has_the_policy_of_its_key_and_another_none(
    named_by: str, monkeypatch: pytest.MonkeyPatch, journal: Journal
) -> None:
    key = Key(PLACE.arn("kms", "key/1"), json.dumps(EVERYTHING))
    made = {PAGES: Topic(key.arn if named_by == "arn" else "1"), OPEN: Topic(None)}

    found = _topics({"1": key}, made, monkeypatch, journal).keys()

    assert found == {PAGES: {"arn": key.arn, "policy": EVERYTHING}}


def test_the_shipped_keys_are_left_to_the_roles_and_without_that_no_function_could_publish(
    assembly: Path,
) -> None:
    demand = iam.Demand("kms:Decrypt", PLACE.arn("kms", "key/1"))
    policies = _key_policies(assembly)

    def may(policy: Any) -> bool:
        return iam.may_use_key([EVERYTHING], demand, ROLE, policy, PLACE.account)

    assert [may(one) for one in policies] == [True, True]
    for policy in policies:
        statements = [one for one in policy["Statement"] if one["Principal"] != {"AWS": ROOT}]
        assert len(statements) == len(policy["Statement"]) - 1
        assert not may({"Statement": statements})
