"""One DynamoDB table, spoken to in plain Python values.

``Table`` turns AWS's typed values into Python's and its refusals into values or errors of ours. What
the items mean is in ``incidents.py``, ``limits.py`` and ``outbox.py``.
"""

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import BotoCoreError, ClientError

from runbook.errors import SchemaError, TableError

SCHEMA = 1
"""The version of the items that this code writes; an item with another one is refused, and pages."""

CONFLICT_PAUSES = (0.05, 0.1, 0.2)
"""Seconds between attempts that met another write on the same item, each with half of it as jitter: such a
write takes milliseconds, and a look has 60 s. botocore does not repeat these refusals."""

Item = Mapping[str, Any]

_serialize: Callable[[Any], dict[str, Any]] = TypeSerializer().serialize
_deserialize: Callable[[Mapping[str, Any]], Any] = TypeDeserializer().deserialize


def to_aws(values: Item) -> dict[str, Any]:
    """Write plain values as DynamoDB's typed ones."""
    return {name: _serialize(value) for name, value in values.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    return value


def from_aws(item: Mapping[str, Any]) -> dict[str, Any]:
    """Read DynamoDB's typed values as plain ones.

    Raises:
        SchemaError: the item was written by a version that this code does not know.
    """
    plain = {name: _plain(_deserialize(value)) for name, value in item.items()}
    if plain.get("schema") != SCHEMA:
        raise SchemaError(
            f"item {plain.get('pk')!r} {plain.get('sk')!r} has schema {plain.get('schema')!r}; "
            f"this code knows {SCHEMA}: deploy the version that wrote it, or remove the item"
        )
    return plain


@dataclass(frozen=True)
class Conflict:
    """A conditional write that was refused.

    Attributes:
        failed: per write of the transaction, whether its own condition failed.
        old: the item as it stands, when one write was asked for and the item exists.
    """

    failed: tuple[bool, ...] = (True,)
    old: Item | None = None


def _met_another(error: ClientError) -> bool:
    """Say whether a write was refused for no other reason than another one on the same item, just now."""
    code = error.response["Error"]["Code"]
    reasons = {one.get("Code") for one in error.response.get("CancellationReasons", [])}
    cancelled = code == "TransactionCanceledException" and "TransactionConflict" in reasons
    return code == "TransactionConflictException" or (
        cancelled and "ConditionalCheckFailed" not in reasons
    )


def _patiently(call: Callable[[], Any]) -> Any:
    """Make a write, again where it only met another one."""
    for pause in CONFLICT_PAUSES:
        try:
            return call()
        except ClientError as error:
            if not _met_another(error):
                raise
        time.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311  # spreads two writers, hides nothing
    return call()


@contextmanager
def _reported(doing: str) -> Iterator[None]:
    """Turn everything but a failed condition into ``TableError``."""
    try:
        yield
    except ClientError as error:
        code = error.response["Error"]["Code"]
        raise TableError(f"the table refused while {doing}: {code}") from error
    except BotoCoreError as error:
        raise TableError(
            f"the table did not answer while {doing}: {type(error).__name__}"
        ) from error


@dataclass(frozen=True)
class Table:
    """The table of one environment.

    Attributes:
        client: a boto3 DynamoDB client.
        name: the table's name.
    """

    client: Any
    name: str

    def get(self, pk: str, sk: str) -> dict[str, Any] | None:
        """Read one item, consistently.

        Raises:
            TableError: DynamoDB refused or did not answer.
            SchemaError: the item is of an unknown version.
        """
        with _reported(f"reading {pk}"):
            answer = self.client.get_item(
                TableName=self.name, Key=to_aws({"pk": pk, "sk": sk}), ConsistentRead=True
            )
        return from_aws(answer["Item"]) if "Item" in answer else None

    def get_many(self, keys: Sequence[tuple[str, str]]) -> dict[str, dict[str, Any]]:
        """Read up to 100 items at once, consistently; answer those that exist, by their pk.

        Raises:
            TableError: DynamoDB refused, did not answer, or left items out.
        """
        wanted = [to_aws({"pk": pk, "sk": sk}) for pk, sk in keys]
        with _reported(f"reading {len(keys)} items"):
            answer = self.client.batch_get_item(
                RequestItems={self.name: {"Keys": wanted, "ConsistentRead": True}}
            )
        if answer["UnprocessedKeys"]:
            raise TableError("the table left items out of its answer: it is throttled")
        items = [from_aws(item) for item in answer["Responses"][self.name]]
        return {item["pk"]: item for item in items}

    def update(
        self, pk: str, sk: str, expression: str, condition: str, names: Item, values: Item
    ) -> dict[str, Any] | Conflict:
        """Change one item if the condition holds; return it as it then is.

        Raises:
            TableError: DynamoDB refused for another reason, or did not answer.
        """
        asked: dict[str, Any] = {
            "TableName": self.name,
            "Key": to_aws({"pk": pk, "sk": sk}),
            "UpdateExpression": expression,
            "ConditionExpression": condition,
            "ExpressionAttributeValues": to_aws(values),
            "ReturnValues": "ALL_NEW",
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        if names:
            asked["ExpressionAttributeNames"] = dict(names)
        with _reported(f"writing {pk}"):
            try:
                answer = _patiently(lambda: self.client.update_item(**asked))
            except self.client.exceptions.ConditionalCheckFailedException as error:
                old = error.response.get("Item")
                return Conflict(old=from_aws(old) if old else None)
        return from_aws(answer["Attributes"])

    def write_all(self, writes: Sequence[Mapping[str, Any]], token: str) -> Conflict | None:
        """Make all writes or none.

        Args:
            writes: DynamoDB's transaction items without their TableName.
            token: makes botocore's own retry of this one transaction harmless (36 characters at most).

        Returns:
            None when all were made, or which conditions failed.

        Raises:
            TableError: refused for another reason, or no answer.
        """
        items = [
            {kind: {**body, "TableName": self.name} for kind, body in write.items()}
            for write in writes
        ]
        with _reported("writing a transaction"):
            try:
                _patiently(
                    lambda: self.client.transact_write_items(
                        TransactItems=items, ClientRequestToken=token
                    )
                )
            except self.client.exceptions.TransactionCanceledException as error:
                reasons = [one.get("Code") for one in error.response["CancellationReasons"]]
                if "ConditionalCheckFailed" not in reasons:
                    raise TableError(f"the table cancelled a transaction: {reasons}") from error
                return Conflict(tuple(code == "ConditionalCheckFailed" for code in reasons))
        return None

    def query(self, pk: str, *, before: str = "", most: int = 100) -> list[dict[str, Any]]:
        """Return up to ``most`` items of one partition, in the order of their sk.

        Args:
            pk: the partition.
            before: only items whose sk sorts before this text, when given.
            most: how many at the most.

        Raises:
            TableError: DynamoDB refused or did not answer.
            SchemaError: one of them is of an unknown version.
        """
        return [from_aws(item) for item in self.query_typed(pk, before=before, most=most)]

    def query_typed(self, pk: str, *, before: str = "", most: int = 100) -> list[Item]:
        """Return what ``query`` does in AWS's typed values, for who takes each item on its own."""
        condition, values = "pk = :pk", {":pk": pk}
        if before:
            condition, values = f"{condition} AND sk < :before", {**values, ":before": before}
        with _reported(f"listing {pk}"):
            answer = self.client.query(
                TableName=self.name,
                KeyConditionExpression=condition,
                ExpressionAttributeValues=to_aws(values),
                ConsistentRead=True,
                Limit=most,
            )
        return list(answer["Items"])

    def delete(self, pk: str, sk: str) -> None:
        """Remove one item; it is fine if it is gone already."""
        with _reported(f"removing {pk}"):
            key = to_aws({"pk": pk, "sk": sk})
            _patiently(lambda: self.client.delete_item(TableName=self.name, Key=key))


def put(item: Item, *, unless_exists: bool = False) -> dict[str, Any]:
    """Return a transaction's Put."""
    body: dict[str, Any] = {"Item": to_aws(item)}
    if unless_exists:
        body["ConditionExpression"] = "attribute_not_exists(pk)"
    return {"Put": body}
