"""The front end's fix makes one request, or refuses; a lost answer is proved by what Vercel shows."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from backend_facts import UNKNOWN, ago
from fake_redeploy import FakeAws
from rehearsal.saas.balancer import Reply
from rollback.frontend import Facts
from rollback_facts import NOW, front, front_fix, job, moved, project
from runbook.checks.vercel import Deployment
from runbook.errors import FixError
from runbook.gate import Change, Landed, Refusal
from runbook.model import Unknown
from vercel_web import SECRET, Secrets, Vercel, serve_vercel


@pytest.fixture
def web() -> Iterator[Vercel]:
    with serve_vercel() as server:
        yield server


def live(web: Vercel, secrets: Any = None) -> Any:
    aws = FakeAws(fixers={"secretsmanager": secrets or Secrets()})
    return front_fix(aws=aws, place=web.place)


def refused(now: Any, to: str = "", seen: Facts | None = None) -> Refusal | None:
    return front_fix(to).refuse(seen or front(), {"rollback.frontend": now})


def test_points_production_elsewhere_by_one_request(web: Vercel) -> None:
    change = live(web).apply(moved(0, None))

    assert change == Change("", {"deployment": "dpl_2"})
    assert web.posts() == ["/vercel/v1/projects/prj_saas/rollback/dpl_2"]
    assert web.outside.production == "dpl_2"


def test_reads_the_project_again_before_the_call(web: Vercel) -> None:
    [read] = live(web).rereads(front()).values()

    assert read().production == "dpl_3"


@pytest.mark.parametrize(
    ("status", "expected", "lost"),
    [
        pytest.param(401, f"answered 401: the token in the secret {SECRET}", False, id="401"),
        pytest.param(403, f"answered 403: the token in the secret {SECRET}", False, id="403"),
        pytest.param(402, "Vercel answered 402 (why)", False, id="402"),
        pytest.param(409, "Vercel answered 409 (why)", False, id="409"),
        pytest.param(422, "Vercel answered 422 (why)", False, id="422"),
        pytest.param(302, "Vercel answered 302 (why)", False, id="a-redirect"),
        pytest.param(500, "Vercel answered 500 (why)", True, id="500"),
        pytest.param(503, "Vercel answered 503 (why)", True, id="503"),
    ],
)
def test_says_why_vercel_refuses_and_whether_it_may_have_been_done(
    web: Vercel, status: int, expected: str, lost: bool
) -> None:
    web.instead = Reply(status, [], b'{"error": {"code": "why"}}', by_target=True)

    with pytest.raises(FixError) as raised:
        live(web).apply(moved(0, None))

    assert expected in str(raised.value)
    assert raised.value.lost is lost
    assert "vercel-token" not in str(raised.value).replace(SECRET, "")


def test_an_answer_that_never_came_is_lost(web: Vercel) -> None:
    web.loses = True

    with pytest.raises(FixError, match="Vercel did not answer") as raised:
        live(web).apply(moved(0, None))

    assert raised.value.lost


def test_a_secret_that_cannot_be_read_is_named(web: Vercel) -> None:
    class Denied:
        def get_secret_value(self, **_: Any) -> Any:
            raise ClientError({"Error": {"Code": "AccessDeniedException"}}, "GetSecretValue")

    with pytest.raises(FixError, match=f"the secret {SECRET} cannot be read: AccessDenied"):
        live(web, Denied()).apply(moved(0, None))

    assert web.asked == []


def test_never_puts_anything_but_an_id_into_an_address(web: Vercel) -> None:
    attempt = moved(0, None)
    broken = replace(attempt, prior={**attempt.prior, "to": "dpl_2/../dpl_1"})

    with pytest.raises(TypeError, match="no deployment's id"):
        live(web).apply(broken)

    assert web.asked == []


def test_passes_where_production_is_as_the_decision_saw_it() -> None:
    assert refused(project()) is None
    assert refused(project(), "dpl_1") is None


@pytest.mark.parametrize(
    ("now", "to", "code", "then"),
    [
        pytest.param(Unknown("no answer"), "", "target", "escalate", id="unreadable"),
        pytest.param(project(production="dpl_2"), "", "busy", "wait", id="somebody-moved-it"),
        pytest.param(project(production="dpl_2"), "dpl_1", "busy", "wait", id="moved-and-named"),
        pytest.param(project(job=job("pending")), "", "target", "escalate", id="vercel-is-at-it"),
        pytest.param(
            project(deployments=project().deployments[:1]), "dpl_1", "target", "escalate", id="gone"
        ),
        pytest.param(
            project(
                deployments=(
                    project().deployments[0],
                    Deployment("dpl_9", ago(1500)),
                    *project().deployments[1:],
                )
            ),
            "",
            "busy",
            "wait",
            id="another-one-is-before-it",
        ),
    ],
)
def test_refuses_what_is_not_as_the_decision_saw_it(
    now: Any, to: str, code: str, then: str
) -> None:
    found = refused(now, to)

    assert found is not None
    assert (found.code, found.then) == (code, then)


def test_saves_where_production_was_and_where_it_goes() -> None:
    prior = front_fix().prior({"rollback.frontend": project()})

    assert prior == {"deployment": "dpl_3", "to": "dpl_2"}


@pytest.mark.parametrize(
    ("seen", "seconds", "expected"),
    [
        pytest.param(front(production="dpl_2"), 5, Landed.YES, id="production-shows-it"),
        pytest.param(front(job=job("pending", minutes=1)), 60, Landed.YES, id="vercel-is-at-it"),
        pytest.param(
            front(job=job("failed", minutes=1)), 60, Landed.YES, id="it-took-it-and-failed"
        ),
        pytest.param(front(job=job("failed", minutes=9)), 59, Landed.TOO_EARLY, id="an-older-one"),
        pytest.param(front(), 59, Landed.TOO_EARLY, id="too-early"),
        pytest.param(front(), 60, Landed.NO, id="not-there"),
        pytest.param(front(production="dpl_1"), 60, Landed.UNKNOWN, id="somewhere-else"),
        pytest.param(Facts(NOW, UNKNOWN), 60, Landed.UNREADABLE, id="unreadable"),
    ],
)
def test_proves_whether_a_lost_request_has_landed(
    seen: Facts, seconds: float, expected: Landed
) -> None:
    assert expected == front_fix().landed(seen, moved(seconds / 60, None))


def test_tells_where_a_landed_request_has_pointed_production() -> None:
    assert front_fix().left(front(job=job())) == {"deployment": "dpl_2"}
    assert front_fix().left(front(production="dpl_2")) == {"deployment": "dpl_2"}


def test_names_the_team_for_the_command_line() -> None:
    place = front_fix().place
    fix = front_fix(place=type(place)(place.api, place.project, "team_1", place.secret))

    assert "--scope team_1" in fix.promote("dpl_3")
    assert "rollback/dpl_2?teamId=team_1" in fix.typed("dpl_2")
