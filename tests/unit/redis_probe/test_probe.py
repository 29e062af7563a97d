"""The probe against a real Redis, and against ports where none or something else answers."""

from collections.abc import Callable
from typing import Any

import pytest
import redis

from redis_probe.login import Logins
from redis_probe.probe import Asked, Reading, Settings, asked, read

Of = Callable[..., Settings]
NOBODY = Logins("", None)
LOADING = b"-LOADING Redis is loading the dataset in memory\r\n"


def test_reads_depth_unacked_and_run(server: Callable[[], int], settings: Of) -> None:
    port = server()
    with redis.Redis(host="127.0.0.1", port=port) as client:
        client.rpush("celery", *range(7))
        client.hset("unacked", mapping={"a": "1", "b": "2"})
        run_id = client.info("server")["run_id"]

    reading = read(settings(port), NOBODY)

    assert reading == Reading(up=True, run_id=run_id, depth=7, unacked=2)


def test_counts_the_quota_counters_for_who_asks(server: Callable[[], int], settings: Of) -> None:
    port = server()
    with redis.Redis(host="127.0.0.1", port=port) as client:
        client.mset({f"ai_quota:{user}": 9 for user in range(12)} | {"session:1": 1})

    asked = read(settings(port), NOBODY, Asked())
    each_minute = read(settings(port), NOBODY)

    assert (asked.quota_keys, each_minute.quota_keys) == (12, None)


def test_stops_counting_where_more_proves_no_more(server: Callable[[], int], settings: Of) -> None:
    port = server()
    with redis.Redis(host="127.0.0.1", port=port) as client:
        client.mset({f"ai_quota:{user}": 9 for user in range(1500)})

    assert read(settings(port), NOBODY, Asked()).quota_keys == 1000


@pytest.mark.parametrize(
    ("kept", "expected"),
    [
        pytest.param('{"status": "SUCCESS", "result": null}', "SUCCESS", id="done"),
        pytest.param('{"status": "FAILURE"}', "FAILURE", id="failed"),
        pytest.param("{}", "", id="no status"),
        pytest.param("[]", "", id="another shape"),
        pytest.param("gAN9cQA=", "", id="pickled"),
        pytest.param(None, "", id="no result"),
    ],
)
def test_reads_how_a_task_ended(
    kept: str | None, expected: str, server: Callable[[], int], settings: Of
) -> None:
    port = server()
    if kept is not None:
        with redis.Redis(host="127.0.0.1", port=port) as client:
            client.set("celery-task-meta-t-1", kept)

    reading = read(settings(port), NOBODY, Asked("t-1"))

    assert (reading.up, reading.task) == (True, expected)


def test_a_result_of_another_type_is_no_trouble_of_redis(
    server: Callable[[], int], settings: Of
) -> None:
    port = server()
    with redis.Redis(host="127.0.0.1", port=port) as client:
        client.rpush("celery-task-meta-t-1", "x")

    reading = read(settings(port), NOBODY, Asked("t-1"))

    assert (reading.up, reading.task) == (True, "")


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ({"task": "0b8e-1"}, "0b8e-1"),
        ({"reason": "is it up?"}, ""),
        ({"task": "a b"}, ""),
        ({"task": 7}, ""),
        ("anything", ""),
    ],
    ids=["a task", "none", "no id", "a number", "no object"],
)
def test_asks_for_what_is_a_tasks_id_only(event: Any, expected: str) -> None:
    assert asked(event) == Asked(expected)


def test_an_empty_redis_is_up_with_nothing_waiting(server: Callable[[], int], settings: Of) -> None:
    reading = read(settings(server()), NOBODY)

    assert (reading.up, reading.depth, reading.unacked) == (True, 0, 0)


def test_a_restart_changes_the_run(server: Callable[[], int], settings: Of) -> None:
    before = read(settings(server()), NOBODY).by_environment()

    after = read(settings(server()), NOBODY).by_environment()

    assert before["RedisUp"] == after["RedisUp"] == 1
    assert before["RedisRun"] != after["RedisRun"]


def test_a_queue_of_another_type_is_no_number_and_no_outage(
    server: Callable[[], int], settings: Of
) -> None:
    port = server()
    with redis.Redis(host="127.0.0.1", port=port) as client:
        client.set("celery", "not a list")

    reading = read(settings(port), NOBODY)

    assert reading.up is None
    assert reading.error.startswith("ResponseError: WRONGTYPE")


def test_is_down_where_nothing_listens(free_port: int, settings: Of) -> None:
    reading = read(settings(free_port), NOBODY)

    assert not reading.up
    assert reading.error.startswith("ConnectionError: ")


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        pytest.param(b"", "TimeoutError: ", id="accepts and never answers"),
        pytest.param(b"HTTP/1.1 400 Bad Request\r\n\r\n", "InvalidResponse: ", id="a web server"),
        pytest.param(b"+\xff\xfe\r\n" * 9, "UnicodeDecodeError: ", id="no text"),
        pytest.param(b"$abc\r\n" * 9, "ValueError: ", id="no number"),
        pytest.param(b"+OK\r\n" * 9, "AttributeError: ", id="OK to everything"),
        pytest.param(LOADING * 9, "BusyLoadingError: LOADING", id="it refuses everybody still"),
    ],
)
def test_is_down_where_something_else_answers(
    answer: bytes, error: str, listener: Callable[[bytes], int], settings: Of
) -> None:
    reading = read(settings(listener(answer)), NOBODY)

    assert reading.up is False
    assert reading.error.startswith(error)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        pytest.param(
            b"-NOAUTH Authentication required.\r\n",
            "AuthenticationError: NOAUTH Authentication required.",
            id="wants a password",
        ),
        pytest.param(
            b"-NOPERM this user has no permissions\r\n",
            "NoPermissionError: NOPERM this user has no permissions",
            id="does not permit it",
        ),
        pytest.param(
            b"-MASTERDOWN Link with MASTER is down\r\n", "MasterDownError: ", id="a lone replica"
        ),
        pytest.param(b"-ERR something odd\r\n", "ResponseError: ERR something odd", id="odd"),
    ],
)
def test_an_error_that_redis_answers_is_neither_up_nor_down(
    answer: bytes, error: str, listener: Callable[[bytes], int], settings: Of
) -> None:
    reading = read(settings(listener(answer * 9)), NOBODY)

    assert reading.up is None
    assert reading.error.startswith(error)
    assert (reading.by_environment(), reading.by_queue()) == ({}, {})


def test_is_down_where_tls_is_asked_for_and_not_spoken(
    server: Callable[[], int], settings: Of
) -> None:
    reading = read(settings(server(), tls=True), NOBODY)

    assert not reading.up
    assert reading.error


def test_a_redis_that_is_down_has_no_queue_rather_than_an_empty_one() -> None:
    reading = Reading(up=False, error="TimeoutError")

    assert reading.by_environment() == {"RedisUp": 0}
    assert reading.by_queue() == {}


@pytest.mark.parametrize(
    "unknown", [{"depth": None}, {"unacked": None}], ids=["no depth", "no unacked"]
)
def test_emits_no_queue_of_which_a_half_is_unknown(unknown: dict[str, Any]) -> None:
    reading = Reading(**{"up": True, "run_id": "0" * 40, "depth": 1, "unacked": 1, **unknown})

    assert reading.by_queue() == {}


@pytest.mark.parametrize(
    ("run_id", "number"),
    [
        ("f" * 40, 2**48 - 1),
        ("0" * 40, 0),
        ("00000000000100000000000000000000000fffff", 1),
        ("123456789abc0123456789abcdef0123456789ab", 0x123456789ABC),
    ],
    ids=["highest", "lowest", "the first 12 digits", "usual"],
)
def test_a_run_is_a_number_that_a_metric_keeps_exactly(run_id: str, number: int) -> None:
    run = Reading(up=True, run_id=run_id, depth=0, unacked=0).by_environment()["RedisRun"]

    assert number == run
    assert int(float(run)) == number
    assert float(run) != float(number + 1)
