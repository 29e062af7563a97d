"""moto's DynamoDB under threads: with one lock round it, a conditional write has one winner."""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.dynamodb.responses import DynamoHandler

from rehearsal.aws.server import make_dynamodb_atomic

THREADS = 20
ROUNDS = 60


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setattr(DynamoHandler, "call_action", DynamoHandler.call_action)  # and back
    make_dynamodb_atomic()
    interval = sys.getswitchinterval()
    with mock_aws():
        client = boto3.client(
            "dynamodb",
            region_name="me-south-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )
        client.create_table(
            TableName="t",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        )
        sys.setswitchinterval(1e-6)
        yield client
        sys.setswitchinterval(interval)


def _claim(table: Any, key: str, *, in_a_transaction: bool) -> bool:
    """Claim a key as an incident is claimed; say whether it was won."""
    put = {
        "TableName": "t",
        "Item": {"pk": {"S": key}},
        "ConditionExpression": "attribute_not_exists(pk)",
    }
    try:
        if in_a_transaction:
            table.transact_write_items(TransactItems=[{"Put": put}])
        else:
            table.put_item(**put)
    except ClientError as error:
        refused = ("ConditionalCheckFailedException", "TransactionCanceledException")
        if error.response["Error"]["Code"] not in refused:
            raise
        return False
    return True


@pytest.mark.parametrize("in_a_transaction", [True, False], ids=["transaction", "put"])
def test_one_of_twenty_threads_wins_a_conditional_write(table: Any, in_a_transaction: bool) -> None:
    start = Barrier(THREADS)

    def claim(key: str) -> bool:
        start.wait()
        return _claim(table, key, in_a_transaction=in_a_transaction)

    with ThreadPoolExecutor(THREADS) as threads:
        winners = [
            sum(threads.map(claim, [f"round-{number}"] * THREADS)) for number in range(ROUNDS)
        ]

    assert winners == [1] * ROUNDS


def test_the_lock_is_put_on_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DynamoHandler, "call_action", DynamoHandler.call_action)
    make_dynamodb_atomic()
    first = DynamoHandler.call_action

    make_dynamodb_atomic()

    assert DynamoHandler.call_action is first
