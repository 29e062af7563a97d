"""A bearer token out of Secrets Manager: read right before it is sent, and shown nowhere."""

import re
from typing import Any

from botocore.exceptions import ClientError

from runbook.errors import FixError

_TOKEN = re.compile(r"[\x21-\x7e]+")
"""What a header can carry. Python's HTTP client names a value that it refuses, so none may get that far."""


def bearer(secretsmanager: Any, name: str) -> str:
    """Return the token that a secret holds.

    Args:
        secretsmanager: a boto3 client.
        name: the secret's.

    Raises:
        FixError: the secret cannot be read, or what it holds is no token; the message has nothing of it.
        BotoCoreError: Secrets Manager did not answer.
    """
    try:
        found = secretsmanager.get_secret_value(SecretId=name)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        raise FixError(f"the secret {name} cannot be read: {code}") from error
    text = str(found.get("SecretString", "")).strip()
    if not _TOKEN.fullmatch(text):
        raise FixError(
            f"the secret {name} holds no token: expected one word as plain text, "
            "without spaces, line breaks or JSON round it"
        )
    return text
