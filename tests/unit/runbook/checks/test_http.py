"""HTTP to the outside: what is answered, what is refused, and that a token never comes out."""

from collections.abc import Iterator

import pytest

from runbook.checks import health, http, status_page
from runbook.checks.health import Health
from runbook.checks.http import Reply
from runbook.checks.status_page import Page
from runbook.model import Unknown
from web import Web, serve


@pytest.fixture
def web() -> Iterator[Web]:
    with serve() as server:
        yield server


def test_reads_an_answer_whatever_its_status(web: Web) -> None:
    web.status, web.body = 503, b'{"db": "error"}'

    reply = http.get(f"{web.url}/health")

    assert reply == Reply(503, '{"db": "error"}')
    assert isinstance(reply, Reply)
    assert reply.json == {"db": "error"}


def test_does_not_follow_a_redirect(web: Web) -> None:
    web.status, web.headers = 302, {"Location": f"{web.url}/elsewhere"}

    reply = http.get(f"{web.url}/health")

    assert isinstance(reply, Reply)
    assert reply.status == 302
    assert [path for _, path, _ in web.asked] == ["/health"]


def test_a_long_answer_is_cut_off(web: Web) -> None:
    web.body = b"x" * (http.MOST_BYTES + 1)

    reply = http.get(web.url)

    assert reply == Unknown("127.0.0.1: answered more than 64 KB")


def test_an_answer_of_just_the_most_is_taken(web: Web) -> None:
    web.body = b"x" * http.MOST_BYTES

    assert isinstance(http.get(web.url), Reply)


def test_a_server_that_hangs_is_given_up(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "SECONDS", 0.2)
    web.hangs = True

    reply = http.get(web.url)

    assert isinstance(reply, Unknown)


@pytest.mark.parametrize("part", ["head", "body"])
def test_a_server_that_sends_byte_by_byte_is_given_up(
    web: Web, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    monkeypatch.setattr(http, "SECONDS", 0.2)
    monkeypatch.setattr(http, "_GRACE_SECONDS", 0.0)
    web.trickles = part

    reply = http.get(web.url)

    assert reply == Unknown("127.0.0.1: not answered in full within 0.2 s")


def test_json_that_is_nested_too_deep_is_none(web: Web) -> None:
    web.body = b"[" * http.MOST_BYTES

    assert isinstance(status_page.read(web.url), Unknown)
    assert health.read(web.url) == Health(200, None, None, spoken=False)


def test_no_server_is_unknown() -> None:
    reply = http.get("http://127.0.0.1:9/health")

    assert isinstance(reply, Unknown)


@pytest.mark.parametrize(
    "url",
    ["http://api.yourdomain.com/health", "ftp://127.0.0.1/x", "http://127.0.0.1.example.com/x"],
)
def test_only_https_leaves_this_machine(url: str) -> None:
    reply = http.get(url)

    assert isinstance(reply, Unknown)
    assert "only https is spoken" in reply.why


def test_a_token_that_no_header_can_carry_is_not_shown(web: Web) -> None:
    reply = http.get(web.url, token="hidden\r\nhidden")

    assert reply == Unknown("127.0.0.1: the request cannot be sent as it is")


def test_a_token_goes_in_and_never_comes_out(web: Web) -> None:
    web.status = 500

    reply = http.post(f"{web.url}/admin", token="s3cret")
    lost = http.post("http://127.0.0.1:9/admin", token="s3cret")

    assert web.asked[0][0] == "POST"
    assert web.asked[0][2]["Authorization"] == "Bearer s3cret"
    assert "s3cret" not in repr((reply, lost))
    assert len(web.asked) == 1


@pytest.mark.parametrize(
    ("status", "body", "expected", "ok", "own"),
    [
        pytest.param(
            200, b'{"db":"ok","redis":"ok"}', Health(200, True, True), True, True, id="well"
        ),
        pytest.param(
            503, b'{"db":"error","redis":"ok"}', Health(503, False, True), False, True, id="db"
        ),
        pytest.param(
            200, b'{"db":"error"}', Health(200, False, None), False, True, id="it lies with 200"
        ),
        pytest.param(
            200, b'{"db":"OK","redis":"Down"}', Health(200, True, False), False, True, id="case"
        ),
        pytest.param(
            200, b'{"db":7,"redis":"hm"}', Health(200, None, None), True, True, id="odd words"
        ),
        pytest.param(
            500,
            b'{"status":"error"}',
            Health(500, None, None, overall=False),
            False,
            True,
            id="only the whole",
        ),
        pytest.param(
            200,
            b'{"status":"unhealthy","db":"ok"}',
            Health(200, True, None, overall=False),
            False,
            True,
            id="the whole is not well",
        ),
        pytest.param(
            500, b'{"message":"hm"}', Health(500, None, None), False, True, id="no word of ours"
        ),
        pytest.param(
            504, b'{"message":"hm"}', Health(504, None, None), False, False, id="a gateway"
        ),
        pytest.param(
            503,
            b'{"status":"fail"}',
            Health(503, None, None, overall=False),
            False,
            True,
            id="health+json",
        ),
        pytest.param(
            502,
            b"<html>",
            Health(502, None, None, spoken=False),
            False,
            False,
            id="a page of the balancer",
        ),
        pytest.param(
            302, b"", Health(302, None, None, spoken=False), False, False, id="a redirect"
        ),
        pytest.param(
            200,
            b"<html>Back soon",
            Health(200, None, None, spoken=False),
            False,
            False,
            id="a page of a CDN",
        ),
        pytest.param(
            200, b'["db"]', Health(200, None, None, spoken=False), False, False, id="no object"
        ),
    ],
)
def test_the_health_endpoint_says_which_part_fails(
    web: Web, status: int, body: bytes, expected: Health, ok: bool, own: bool
) -> None:
    web.status, web.body = status, body

    found = health.read(web.url)

    assert found == expected
    assert isinstance(found, Health)
    assert (found.ok, found.own) == (ok, own)


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        pytest.param(200, b'{"status":{"indicator":"none"}}', Page("none", ()), id="green"),
        pytest.param(
            200,
            b'{"status":{"indicator":"major"},"incidents":[{"name":"API"},"x",{"id":1}]}',
            Page("major", ("API", "")),
            id="outage",
        ),
        pytest.param(200, b"<html>all fine</html>", None, id="HTML"),
        pytest.param(500, b'{"status":{"indicator":"none"}}', None, id="500"),
        pytest.param(200, b"", None, id="nothing"),
        pytest.param(200, b'{"status":{"indicator":"fine"}}', None, id="another word"),
        pytest.param(200, b'{"status":"none"}', None, id="another shape"),
        pytest.param(200, b"[" + b"1," * 40_000 + b"1]", None, id="more than 64 KB"),
        pytest.param(200, b" " * 10 * 1024 * 1024, None, id="10 MB"),
    ],
)
def test_a_status_page_is_read_or_unknown(
    web: Web, status: int, body: bytes, expected: Page | None
) -> None:
    web.status, web.body = status, body

    found = status_page.read(web.url)

    assert found == expected if expected else isinstance(found, Unknown)


def test_what_a_provider_writes_is_shown_on_one_line() -> None:
    line = status_page.line(Page("minor", ("slow", "slower")))

    assert line == "minor: slow; slower"
