"""Rebuilding the quotas: one request with a token that nobody sees, and what its refusals come to."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from around import NOW, attempt
from fake_redeploy import FakeAws
from runbook.checks.redis import Reading
from runbook.errors import FixError
from runbook.fixes.reconcile import Reconcile
from runbook.model import Unknown
from web import Web, serve

UP = Reading(up=True, run_id="run-1", depth=0, quota_keys=0, error="")
TRIED = attempt("reconcile", None)


@dataclass(frozen=True)
class Facts:
    reading: Any = UP
    at: Any = NOW


@pytest.fixture
def web() -> Iterator[Web]:
    with serve() as server:
        yield server


def reconcile(url: str = "https://x/", stubbed: Any = None) -> Reconcile:
    aws: Any = FakeAws()
    if stubbed:
        client, stub = stubbed("secretsmanager")
        stub.add_response("get_secret_value", {"SecretString": " t0ken\n"}, {"SecretId": "admin"})
        aws.fixers["secretsmanager"] = client
    return Reconcile(aws, "me-south-1", url, "admin", "probe")


@pytest.mark.parametrize(
    ("now", "refused"),
    [
        pytest.param(UP, False, id="the same Redis"),
        pytest.param(replace(UP, run_id="run-2"), True, id="restarted since"),
        pytest.param(replace(UP, up=False), True, id="gone again"),
        pytest.param(Unknown("throttled"), True, id="not readable"),
    ],
)
def test_is_sent_only_to_the_redis_that_the_decision_saw(now: Any, refused: bool) -> None:
    refusal = reconcile().refuse(Facts(), {"reconcile.redis": now})

    assert (refusal is not None) is refused
    assert refusal is None or refusal.then == "wait"


def test_sends_one_request_with_the_token(web: Web, stubbed: Any) -> None:
    web.status, web.body = 202, b'{"task_id": "t-1"}'

    change = reconcile(web.url, stubbed).apply(TRIED)

    assert change.left == {"task_id": "t-1"}
    assert [headers["Authorization"] for _, _, headers in web.asked] == ["Bearer t0ken"]


@pytest.mark.parametrize(
    ("status", "lost", "text"),
    [
        pytest.param(401, False, "the token in the secret admin is not accepted", id="401"),
        pytest.param(403, False, "the token in the secret admin is not accepted", id="403"),
        pytest.param(404, False, "the endpoint answered 404", id="404"),
        pytest.param(500, True, "the endpoint answered 500", id="500"),
        pytest.param(302, False, "the endpoint answered 302", id="a redirect"),
    ],
)
def test_says_why_it_was_refused(
    web: Web, stubbed: Any, status: int, lost: bool, text: str
) -> None:
    web.status = status

    with pytest.raises(FixError, match=text) as raised:
        reconcile(web.url, stubbed).apply(TRIED)

    assert raised.value.lost is lost
    assert "t0ken" not in str(raised.value)


def test_no_answer_is_a_lost_one(stubbed: Any) -> None:
    with pytest.raises(FixError, match="did not answer") as raised:
        reconcile("http://127.0.0.1:9/", stubbed).apply(TRIED)

    assert raised.value.lost


def test_names_a_secret_that_is_missing(stubbed: Any) -> None:
    client, stub = stubbed("secretsmanager")
    stub.add_client_error("get_secret_value", "ResourceNotFoundException")
    aws: Any = FakeAws(fixers={"secretsmanager": client})

    with pytest.raises(FixError, match="the secret admin cannot be read: ResourceNotFound"):
        Reconcile(aws, "me-south-1", "https://x/", "admin", "probe").apply(TRIED)
