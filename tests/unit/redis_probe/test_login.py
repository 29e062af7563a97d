"""The probe's login: out of a secret, to a real Redis that wants one, and read again when it is refused."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
import redis
from botocore.exceptions import ClientError, ConnectTimeoutError

from redis_probe.login import ANYBODY, Login, Logins
from redis_probe.probe import Asked, Settings, read
from runbook.model import Unknown

Of = Callable[..., Settings]


@dataclass
class Secrets:
    """Answers with one text after the other, the last one for good; or with an error."""

    texts: list[Any]
    asked: list[str] = field(default_factory=list)

    def get_secret_value(self, SecretId: str) -> dict[str, str]:  # noqa: N803  # as boto3 has it
        self.asked.append(SecretId)
        text = self.texts.pop(0) if len(self.texts) > 1 else self.texts[0]
        if isinstance(text, Exception):
            raise text
        return {} if text is None else {"SecretString": text}


DENIED = ClientError({"Error": {"Code": "AccessDeniedException"}}, "GetSecretValue")
BOTH = json.dumps({"username": "probe", "password": "s3cret"})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("t0ken\n", Login(None, "t0ken"), id="a token"),
        pytest.param("12345678", Login(None, "12345678"), id="a token of digits"),
        pytest.param(BOTH, Login("probe", "s3cret"), id="username and password"),
        pytest.param('{"password": "s3cret"}', Login(None, "s3cret"), id="a password alone"),
        pytest.param("{}", Unknown("the secret own has no password"), id="no password"),
        pytest.param("", Unknown("the secret own has no password"), id="empty"),
        pytest.param(None, Unknown("the secret own is no text"), id="bytes"),
        pytest.param(
            DENIED, Unknown("the secret own cannot be read: AccessDeniedException"), id="denied"
        ),
        pytest.param(
            ConnectTimeoutError(endpoint_url="https://x"),
            Unknown(
                "the secret own cannot be read: ConnectTimeoutError, no answer; the probe's subnets "
                "need a way to Secrets Manager"
            ),
            id="no way there",
        ),
    ],
)
def test_reads_a_login_out_of_a_secret(text: Any, expected: Login | Unknown) -> None:
    assert Logins("own", Secrets([text])).read() == expected


def test_reads_the_secret_once_and_a_failure_again() -> None:
    secrets = Secrets([DENIED, "t0ken"])
    logins = Logins("own", secrets)

    found = [logins.read() for _ in range(4)]

    assert [isinstance(one, Unknown) for one in found] == [True, False, False, False]
    assert secrets.asked == ["own", "own"]


def test_asks_for_no_secret_where_redis_wants_none() -> None:
    logins = Logins("", None)

    assert logins.read() == ANYBODY
    assert not logins.renew()


def test_a_login_does_not_show_its_password() -> None:
    assert "s3cret" not in repr(Login("probe", "s3cret"))


@pytest.fixture
def guarded(server: Callable[[], int]) -> int:
    """Return the port of a Redis that knows the user ``probe`` and lets nobody else in."""
    port = server()
    with redis.Redis(host="127.0.0.1", port=port) as client:
        rights = ["+ping", "+info", "+llen", "+hlen", "~celery", "~unacked"]
        client.execute_command("ACL", "SETUSER", "probe", "on", ">s3cret", *rights)
        client.execute_command("CONFIG", "SET", "requirepass", "t0ken")
    return port


@pytest.mark.parametrize("text", [BOTH, "t0ken"], ids=["a user", "the token"])
def test_logs_in(guarded: int, settings: Of, text: str) -> None:
    reading = read(settings(guarded), Logins("own", Secrets([text])))

    assert (reading.up, reading.depth, reading.error) == (True, 0, "")


def test_a_redis_that_wants_a_login_is_not_down(guarded: int, settings: Of) -> None:
    reading = read(settings(guarded), Logins("", None))

    assert reading.up is None
    assert "NOAUTH" in reading.error


def test_what_may_stay_unknown_is_no_trouble_where_it_is_not_permitted(
    guarded: int, settings: Of
) -> None:
    reading = read(settings(guarded), Logins("own", Secrets([BOTH])), Asked("t-1"))

    assert (reading.up, reading.depth, reading.quota_keys, reading.task) == (True, 0, None, "")


def test_what_is_not_permitted_is_not_down(guarded: int, settings: Of) -> None:
    elsewhere = replace(settings(guarded), queue="another")

    reading = read(elsewhere, Logins("own", Secrets([BOTH])))

    assert reading.up is None
    assert reading.error.startswith("NoPermissionError: NOPERM")


def test_reads_the_secret_again_when_redis_refuses_the_login(guarded: int, settings: Of) -> None:
    secrets = Secrets(["an old one", BOTH])

    reading = read(settings(guarded), Logins("own", secrets))

    assert reading.up
    assert secrets.asked == ["own", "own"]


def test_does_not_try_the_same_login_twice(guarded: int, settings: Of) -> None:
    secrets = Secrets(["wr0ng"])

    reading = read(settings(guarded), Logins("own", secrets))

    assert reading.up is None
    assert "WRONGPASS" in reading.error
    assert "wr0ng" not in reading.error
    assert secrets.asked == ["own", "own"]


def test_a_secret_that_cannot_be_read_says_nothing_about_redis(guarded: int, settings: Of) -> None:
    reading = read(settings(guarded), Logins("own", Secrets([DENIED])))

    assert reading.up is None
    assert reading.error == "the secret own cannot be read: AccessDeniedException"


def test_a_server_that_repeats_the_password_is_not_quoted(
    listener: Callable[[bytes], int], settings: Of
) -> None:
    port = listener(b"-ERR unknown command 'AUTH', with args 's3cret'\r\n" * 9)

    reading = read(settings(port), Logins("own", Secrets(["s3cret"])))

    assert "s3cret" not in reading.error
    assert "***" in reading.error
