"""AWS clients that answer what a test tells them, and refuse parameters that AWS would refuse."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

Stubbed = Callable[[str], tuple[Any, Stubber]]


@cache
def client(service: str) -> Any:
    session = boto3.session.Session(
        aws_access_key_id="test", aws_secret_access_key="test", region_name="me-south-1"
    )
    return session.client(service)


@pytest.fixture
def stubbed() -> Iterator[Stubbed]:
    with ExitStack() as stack:
        stubbers: list[Stubber] = []

        def make(service: str) -> tuple[Any, Stubber]:
            stubbers.append(stack.enter_context(Stubber(client(service))))
            return client(service), stubbers[-1]

        yield make
        for stubber in stubbers:
            stubber.assert_no_pending_responses()
