"""Clients: which are made when, and that what few looks need is made only then."""

from types import SimpleNamespace
from typing import Any

from runbook.aws import Aws


class Session:
    """Makes clients that answer with their own name, and keeps which were made."""

    def __init__(self) -> None:
        self.made: list[str] = []

    def client(self, service: str, **_: Any) -> Any:
        self.made.append(service)
        return SimpleNamespace(whoami=lambda: service)


def test_a_rare_client_is_made_at_its_first_use_and_only_once() -> None:
    session: Any = Session()
    rare = Aws("xx-test-1", session).rare("sqs")
    before = list(session.made)

    answers = [rare.whoami(), rare.whoami()]

    assert before == []
    assert answers == ["sqs", "sqs"]
    assert session.made == ["sqs"]


def test_a_rare_client_is_the_one_that_is_there_already() -> None:
    session: Any = Session()
    aws = Aws("xx-test-1", session).warm("sqs")

    aws.rare("sqs").whoami()

    assert session.made == ["sqs"]
