"""What Vercel answers becomes what is known; a shape, an id or a status that we do not know is Unknown."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from fake_redeploy import FakeAws
from rehearsal.saas.balancer import Reply
from runbook.checks import vercel
from runbook.checks.vercel import Deployment, Frontend, Job, Place
from runbook.model import Unknown
from vercel_web import SECRET, Secrets, Vercel, serve_vercel

AT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
MS = int(AT.timestamp() * 1000)


@pytest.fixture
def web() -> Iterator[Vercel]:
    with serve_vercel() as server:
        yield server


def read(web: Vercel, *secret: str) -> Frontend | Unknown:
    aws: Any = FakeAws(fixers={"secretsmanager": Secrets(*secret)})
    return vercel.read(aws, web.place)


def test_reads_production_and_the_deployments_before_it(web: Vercel) -> None:
    found = read(web)

    assert isinstance(found, Frontend)
    assert found.production == "dpl_3"
    assert [one.id for one in found.deployments] == ["dpl_3", "dpl_2", "dpl_1"]
    assert all(one.served for one in found.deployments)
    assert found.job is None
    assert web.asked == [
        "GET /vercel/v9/projects/prj_saas",
        "GET /vercel/v6/deployments?projectId=prj_saas&target=production&state=READY&limit=10",
    ]


def test_names_the_team_in_every_address() -> None:
    place = Place("https://api.vercel.com/", "prj_saas", "team_1", SECRET)

    assert place.url("v9/projects/prj_saas") == (
        "https://api.vercel.com/v9/projects/prj_saas?teamId=team_1"
    )


@pytest.mark.parametrize("status", [401, 403])
def test_a_token_that_is_not_accepted_names_the_secret_and_not_the_token(
    web: Vercel, status: int
) -> None:
    web.instead = Reply(status, [], b'{"error": {"code": "forbidden"}}', by_target=True)

    found = read(web, "the-real-token")

    assert found == Unknown(
        f"Vercel answered {status}: the token in the secret {SECRET} is not accepted for prj_saas"
    )


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        pytest.param(404, b'{"error": {"code": "not_found"}}', "404 (not_found) about", id="404"),
        pytest.param(500, b"<html>", "answered 500 about prj_saas", id="500-html"),
        pytest.param(200, b"<html>", "answered 200 about prj_saas", id="html"),
        pytest.param(200, b"[]", "answered 200 about prj_saas", id="a-list"),
        pytest.param(200, b"{}", "an answer of another shape (KeyError", id="no-target"),
        pytest.param(302, b"", "answered 302 about prj_saas", id="a-redirect"),
        pytest.param(200, b" " * 600_000, "answered more than 512 KB", id="a-huge-one"),
    ],
)
def test_another_answer_is_unknown(web: Vercel, status: int, body: bytes, expected: str) -> None:
    web.instead = Reply(status, [], body, by_target=True)

    found = read(web)

    assert isinstance(found, Unknown)
    assert expected in found.why


def listed(**changes: Any) -> dict[str, Any]:
    usual = {
        "uid": "dpl_2",
        "readyState": "READY",
        "target": "production",
        "readySubstate": "PROMOTED",
        "isRollbackCandidate": True,
        "created": MS,
        "meta": {"githubCommitSha": "0123456789abcdef0123456789abcdef01234567"},
    }
    return {**usual, **changes}


def understood(*deployments: dict[str, Any], **project: Any) -> Frontend | Unknown:
    usual = {"targets": {"production": {"id": "dpl_3"}}}
    return vercel.understand({**usual, **project}, {"deployments": list(deployments)})


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({}, [Deployment("dpl_2", AT, commit="0123456")], id="as-it-is"),
        pytest.param(
            {"readySubstate": "STAGED"},
            [Deployment("dpl_2", AT, served=False, commit="0123456")],
            id="staged",
        ),
        pytest.param(
            {"isRollbackCandidate": False},
            [Deployment("dpl_2", AT, served=False, commit="0123456")],
            id="no-candidate",
        ),
        pytest.param(
            {"readySubstate": None, "isRollbackCandidate": None, "meta": None},
            [Deployment("dpl_2", AT)],
            id="not-told",
        ),
        pytest.param(
            {"meta": {"githubCommitSha": "x; rm"}}, [Deployment("dpl_2", AT)], id="no-sha"
        ),
        pytest.param({"readyState": "ERROR"}, [], id="failed-build"),
        pytest.param({"target": None}, [], id="a-preview"),
    ],
)
def test_keeps_what_production_can_show(
    changes: dict[str, Any], expected: list[Deployment]
) -> None:
    found = understood(listed(**changes))

    assert isinstance(found, Frontend)
    assert expected == list(found.deployments)


def request_of(**changes: Any) -> dict[str, Any]:
    usual = {"type": "rollback", "toDeploymentId": "dpl_2", "jobStatus": "succeeded"}
    return {**usual, "requestedAt": MS, **changes}


@pytest.mark.parametrize(
    ("changes", "production", "moving"),
    [
        pytest.param({}, "dpl_2", False, id="a-rollback-holds-what-was-deployed-since"),
        pytest.param({"jobStatus": "pending"}, "dpl_3", True, id="pending"),
        pytest.param({"jobStatus": "in-progress"}, "dpl_3", True, id="in-progress"),
        pytest.param({"jobStatus": "failed"}, "dpl_3", False, id="failed"),
        pytest.param({"type": "promote"}, "dpl_3", False, id="a-promotion-is-over-with-the-next"),
    ],
)
def test_production_is_where_a_rollback_has_pointed_it(
    changes: dict[str, Any], production: str, moving: bool
) -> None:
    found = understood(lastAliasRequest=request_of(**changes))

    assert isinstance(found, Frontend)
    assert (found.production, found.moving) == (production, moving)


def test_keeps_the_last_request() -> None:
    found = understood(lastAliasRequest=request_of())

    assert isinstance(found, Frontend)
    assert found.job == Job("rollback", "dpl_2", "succeeded", AT)


@pytest.mark.parametrize(
    ("deployments", "project"),
    [
        pytest.param([listed(uid="dpl_1/../x")], {}, id="a-path-as-an-id"),
        pytest.param([listed(uid="")], {}, id="an-empty-id"),
        pytest.param(["dpl_1"], {}, id="a-text"),
        pytest.param([listed(created="yesterday")], {}, id="a-moment-in-words"),
        pytest.param([listed(created=10**30)], {}, id="a-moment-beyond-time"),
        pytest.param([], {"targets": None}, id="no-targets"),
        pytest.param([], {"targets": {"production": {"id": "x y"}}}, id="production-no-id"),
        pytest.param([], {"lastAliasRequest": request_of(toDeploymentId="?")}, id="job-no-id"),
        pytest.param([], {"lastAliasRequest": "rollback"}, id="job-a-text"),
    ],
)
def test_a_shape_that_we_do_not_know_is_unknown(
    deployments: list[Any], project: dict[str, Any]
) -> None:
    assert isinstance(understood(*deployments, **project), Unknown)


def test_newest_come_first_whatever_the_order() -> None:
    older = listed(uid="dpl_1", created=MS - 1000)

    found = understood(older, listed())

    assert isinstance(found, Frontend)
    assert [one.id for one in found.deployments] == ["dpl_2", "dpl_1"]


def test_an_error_code_is_shown_short() -> None:
    body = json.dumps({"error": {"code": "x" * 400}})

    assert len(vercel.said(vercel.http.Reply(400, body))) < 70


def test_shows_what_is_not_known() -> None:
    assert vercel.line(Unknown("not read")) == "unknown: not read"
