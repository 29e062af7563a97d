"""A read that fails, or answers in a shape that we do not know, is Unknown with its reason."""

from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
)

from runbook.checks.reading import ask
from runbook.model import Unknown


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "secret details"}}, "DescribeServices")


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (refusal("ThrottlingException"), "AWS answered ThrottlingException to DescribeServices"),
        (refusal("AccessDenied"), "AWS answered AccessDenied to DescribeServices"),
        (ClientError({}, "DescribeServices"), "AWS answered no code to DescribeServices"),
        (ReadTimeoutError(endpoint_url="x"), "ReadTimeoutError, AWS did not answer"),
        (ConnectTimeoutError(endpoint_url="x"), "ConnectTimeoutError, AWS did not answer"),
        (EndpointConnectionError(endpoint_url="x"), "EndpointConnectionError, AWS did not answer"),
        (NoCredentialsError(), "NoCredentialsError, AWS did not answer"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_a_failed_read_is_unknown(error: Exception, why: str) -> None:
    def read() -> Any:
        raise error

    assert Unknown(f"service: {why}") == ask("service", read)


@pytest.mark.parametrize("answer", [7, None, (), Unknown("not there")], ids=str)
def test_any_answer_is_passed_on(answer: object) -> None:
    assert ask("service", lambda: answer) is answer


def test_an_answer_of_another_shape_is_unknown() -> None:
    answer = ask("service", lambda: {}["services"])

    assert answer == Unknown("service: the answer has another shape (KeyError 'services')")


def test_no_piece_of_an_answer_is_in_what_is_said_of_its_shape() -> None:
    answer = ask("service", lambda: int("Bearer token-1"))

    assert answer == Unknown("service: the answer has another shape (ValueError)")


def test_a_broken_assumption_of_ours_is_raised() -> None:
    def read() -> str:
        raise NotImplementedError("a state without a row")

    with pytest.raises(NotImplementedError, match="without a row"):
        ask("service", read)


def test_a_throttled_call_is_unknown(stubbed: Any) -> None:
    client, stub = stubbed("ecs")
    stub.add_client_error("describe_services", "ThrottlingException", http_status_code=400)

    answer = ask("service", lambda: client.describe_services(services=["a"]))

    assert answer == Unknown("service: AWS answered ThrottlingException to DescribeServices")
