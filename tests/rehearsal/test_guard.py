"""The guard at the door of each function's process, on a real botocore session; nothing is sent."""

import json
import sys
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError

from rehearsal.aws import iam
from rehearsal.aws.launcher import Guard

PLACE = iam.Place("me-south-1", "111122223333")
ANSWERS = {
    "ecs": b"{}",
    "sns": b"<PublishResponse><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>",
}
WORKER = PLACE.arn("ecs", "service/saas-prod/saas-worker")
TOPIC = PLACE.arn("sns", "pages")
OPEN_TOPIC = PLACE.arn("sns", "open")
KEY = PLACE.arn("kms", "key/1")
ROLE = "arn:aws:iam::111122223333:role/worker-stuck"
ROOT = "arn:aws:iam::111122223333:root"
BOTH = [("kms:Decrypt", KEY), ("kms:GenerateDataKey", KEY)]


def _key_policy(principal: str, *actions: str) -> dict[str, Any]:
    return {
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": principal},
                "Action": list(actions),
                "Resource": "*",
            }
        ]
    }


LEFT_TO_IAM = _key_policy(ROOT, "kms:*")


class Door:
    """A session with a guard, and what came through it."""

    def __init__(
        self, folder: Path, *allowed: tuple[str, str], key_policy: Any = LEFT_TO_IAM
    ) -> None:
        self.journal = folder / "guard.jsonl"
        self.sent: list[Any] = []
        self._session = botocore.session.Session()
        self._session.set_credentials("test", "test")
        statements = [{"Effect": "Allow", "Action": a, "Resource": r} for a, r in allowed]
        guard = Guard(
            {
                "region": PLACE.region,
                "account": PLACE.account,
                "role": ROLE,
                "policies": [{"Statement": statements}],
                "topic_keys": {TOPIC: {"arn": KEY, "policy": key_policy}},
                "journal": str(self.journal),
            }
        )
        guard.register(self._session)

    def client(self, service: str) -> Any:
        client = self._session.create_client(
            service, region_name=PLACE.region, endpoint_url="http://127.0.0.1:9"
        )
        client.meta.events.register(f"before-send.{service}", self._send)
        return client

    def _send(self, request: Any, event_name: str, **_: Any) -> AWSResponse:
        self.sent.append(request)
        response = AWSResponse(request.url, 200, {}, None)
        response._content = ANSWERS[event_name.split(".")[1]]
        return response

    def written(self) -> list[dict[str, str]]:
        if not self.journal.exists():
            return []
        return [json.loads(line) for line in self.journal.read_text().splitlines()]


@pytest.fixture(autouse=True)
def as_in_a_function(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "iam", iam)  # the launcher finds it on a path of its own
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "worker-stuck")


def test_a_permitted_call_goes_out_and_says_what_it_is_about(tmp_path: Path) -> None:
    door = Door(tmp_path, ("ecs:UpdateService", WORKER))

    door.client("ecs").update_service(cluster="saas-prod", service="saas-worker")

    (request,) = door.sent
    assert f"ecs.UpdateService {WORKER}" == request.headers["x-nightshift-judged"].decode()
    assert door.written() == []


def test_a_call_that_the_role_does_not_permit_is_denied_as_aws_does_and_written_down(
    tmp_path: Path,
) -> None:
    door = Door(tmp_path, ("ecs:UpdateService", WORKER))
    ecs = door.client("ecs")

    with pytest.raises(ClientError, match=r"not authorized to perform ecs:UpdateService") as denied:
        ecs.update_service(cluster="saas-prod", service="saas-web")

    assert denied.value.response["Error"]["Code"] == "AccessDeniedException"
    web = PLACE.arn("ecs", "service/saas-prod/saas-web")
    assert door.written() == [
        {"function": "worker-stuck", "denied": "ecs:UpdateService", "resource": web}
    ]
    assert door.sent == []


def test_an_operation_outside_the_table_ends_the_function_and_is_written_down(
    tmp_path: Path,
) -> None:
    door = Door(tmp_path, ("*", "*"))
    ecs = door.client("ecs")

    with pytest.raises(SystemExit, match=r"ecs\.DeleteCluster is not in the rehearsal's table"):
        ecs.delete_cluster(cluster="saas-prod")

    assert door.written() == [{"function": "worker-stuck", "unsupported": "ecs.DeleteCluster"}]
    assert door.sent == []


@pytest.mark.parametrize(
    ("kms", "missing"),
    [
        ((), "kms:Decrypt"),
        (("kms:GenerateDataKey",), "kms:Decrypt"),
        (("kms:Decrypt",), "kms:GenerateDataKey"),
    ],
    ids=["neither", "no decrypt", "no data key"],
)
def test_publishing_to_an_encrypted_topic_takes_the_key_too(
    kms: tuple[str, ...], missing: str, tmp_path: Path
) -> None:
    door = Door(tmp_path, ("sns:Publish", TOPIC), *((action, KEY) for action in kms))
    sns = door.client("sns")

    with pytest.raises(ClientError, match=missing):
        sns.publish(TopicArn=TOPIC, Message="a page")

    assert door.written() == [{"function": "worker-stuck", "denied": missing, "resource": KEY}]


@pytest.mark.parametrize(
    ("topic", "permissions"),
    [
        (TOPIC, [("sns:Publish", TOPIC), *BOTH]),
        (OPEN_TOPIC, [("sns:Publish", OPEN_TOPIC)]),
    ],
    ids=["encrypted", "not encrypted"],
)
def test_publishes_with_all_that_it_takes(
    topic: str, permissions: list[tuple[str, str]], tmp_path: Path
) -> None:
    door = Door(tmp_path, *permissions)

    door.client("sns").publish(TopicArn=topic, Message="a page")

    assert len(door.sent) == 1
    assert door.written() == []


@pytest.mark.parametrize(
    ("principal", "actions", "missing"),
    [
        ("arn:aws:iam::111122223333:role/another", ["kms:*"], "kms:Decrypt"),
        ("arn:aws:iam::444455556666:root", ["kms:*"], "kms:Decrypt"),
        (ROOT, ["kms:Describe*"], "kms:Decrypt"),
        (ROOT, ["kms:Decrypt"], "kms:GenerateDataKey"),
    ],
    ids=["another role", "another account", "the account, but not for this", "half of it"],
)
def test_a_key_whose_own_policy_does_not_let_the_function_use_it_stops_the_publish(
    principal: str, actions: list[str], missing: str, tmp_path: Path
) -> None:
    policy = _key_policy(principal, *actions)
    door = Door(tmp_path, ("sns:Publish", TOPIC), *BOTH, key_policy=policy)
    sns = door.client("sns")

    with pytest.raises(ClientError, match=missing):
        sns.publish(TopicArn=TOPIC, Message="a page")

    assert door.written() == [{"function": "worker-stuck", "denied": missing, "resource": KEY}]
    assert door.sent == []


def test_a_key_that_names_the_role_asks_for_no_permission_of_the_role(tmp_path: Path) -> None:
    policy = _key_policy(ROLE, "kms:Decrypt", "kms:GenerateDataKey*")
    door = Door(tmp_path, ("sns:Publish", TOPIC), key_policy=policy)

    door.client("sns").publish(TopicArn=TOPIC, Message="a page")

    assert len(door.sent) == 1
