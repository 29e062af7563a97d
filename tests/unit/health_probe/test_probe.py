"""One reading of the health endpoint: its parts are metrics where it speaks of them, and nowhere else."""

from collections.abc import Iterator

import pytest

from health_probe.probe import Settings, read
from runbook.checks import http
from web import Web, serve


@pytest.fixture
def web() -> Iterator[Web]:
    with serve() as server:
        yield server


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        pytest.param(
            200,
            b'{"db":"ok","redis":"ok"}',
            {"HealthOk": 1, "HealthAnswered": 1, "HealthDb": 1, "HealthRedis": 1},
            id="well",
        ),
        pytest.param(
            503,
            b'{"db":"error","redis":"ok"}',
            {"HealthOk": 0, "HealthAnswered": 1, "HealthDb": 0, "HealthRedis": 1},
            id="a-part-fails",
        ),
        pytest.param(
            200,
            b'{"status":"ok","db":"error"}',
            {"HealthOk": 0, "HealthAnswered": 1, "HealthDb": 0},
            id="it-lies",
        ),
        pytest.param(
            200, b'{"status":"down"}', {"HealthOk": 0, "HealthAnswered": 1}, id="only-the-whole"
        ),
        pytest.param(
            503, b'{"message":"busy"}', {"HealthOk": 0, "HealthAnswered": 0}, id="a-gateway"
        ),
        pytest.param(302, b"", {"HealthOk": 0, "HealthAnswered": 0}, id="a-redirect"),
        pytest.param(500, b"<html>", {"HealthOk": 0, "HealthAnswered": 0}, id="HTML"),
        pytest.param(
            200, b"<html>Back soon", {"HealthOk": 0, "HealthAnswered": 0}, id="HTML-and-200"
        ),
        pytest.param(200, b" " * 70_000, {"HealthOk": 0, "HealthAnswered": 0}, id="too-long"),
    ],
)
def test_what_the_endpoint_does_not_say_is_no_datapoint(
    web: Web, status: int, body: bytes, expected: dict[str, float]
) -> None:
    web.status, web.body = status, body

    reading = read(Settings("prod", web.url))

    assert reading.metrics() == expected


def test_who_answers_in_place_of_the_application_is_named(web: Web) -> None:
    web.body = b"<html>Back soon"

    assert read(Settings("prod", web.url)).error == (
        "HTTP 200, no JSON: not the application's own answer"
    )


@pytest.mark.parametrize(
    "broken", [{"hangs": True}, {"trickles": "head"}, {"trickles": "body"}], ids=str
)
def test_an_endpoint_that_does_not_answer_in_time_is_not_well_and_says_why(
    web: Web, monkeypatch: pytest.MonkeyPatch, broken: dict[str, object]
) -> None:
    monkeypatch.setattr(http, "SECONDS", 0.2)
    vars(web).update(broken)

    reading = read(Settings("prod", web.url))

    assert reading.metrics() == {"HealthOk": 0, "HealthAnswered": 0}
    assert reading.error.startswith("127.0.0.1: ")
