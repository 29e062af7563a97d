"""Who the probe is to Redis: out of Secrets Manager, read at first use, and again when Redis refuses it.

The secret is a token, as ElastiCache's AUTH takes it, or JSON with ``username`` and ``password``, as RBAC
does. It appears in no log line, no metric and no answer.
"""

import json
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from runbook.model import Unknown


@dataclass(frozen=True)
class Login:
    """What the connection begins with; neither is sent where it is None."""

    username: str | None = None
    password: str | None = field(default=None, repr=False)

    def out_of(self, text: str) -> str:
        """Return a text without the password: a server may repeat what it does not understand."""
        return text.replace(self.password, "***") if self.password else text


ANYBODY = Login()
"""To a Redis that asks nobody who they are."""


class Logins:
    """The login of one environment, kept between invocations.

    Args:
        secret: its name; empty where Redis wants none.
        secretsmanager: a boto3 client.
    """

    def __init__(self, secret: str, secretsmanager: Any) -> None:
        self._secret = secret
        self._secretsmanager = secretsmanager
        self._known: Login | None = None if secret else ANYBODY

    def read(self) -> Login | Unknown:
        """Return the login, or why there is none: such a failure is not kept."""
        if self._known is None:
            found = self._fetch()
            if isinstance(found, Unknown):
                return found
            self._known = found
        return self._known

    def renew(self) -> bool:
        """Read the secret again, for Redis has refused the login; say whether it is another one now."""
        if not self._secret:
            return False
        before, self._known = self._known, None
        return self.read() != before

    def _fetch(self) -> Login | Unknown:
        name = f"the secret {self._secret}"
        try:
            answer = self._secretsmanager.get_secret_value(SecretId=self._secret)
            text = str(answer["SecretString"]).strip()
        except ClientError as error:
            return Unknown(f"{name} cannot be read: {error.response['Error']['Code']}")
        except BotoCoreError as error:
            why = "no answer; the probe's subnets need a way to Secrets Manager"
            return Unknown(f"{name} cannot be read: {type(error).__name__}, {why}")
        except KeyError:
            return Unknown(f"{name} is no text")
        return _parsed(text) or Unknown(f"{name} has no password")


def _parsed(text: str) -> Login | None:
    try:
        found = json.loads(text)
    except ValueError:
        found = text
    if not isinstance(found, dict):
        return Login(password=text) if text else None
    username, password = found.get("username"), found.get("password")
    if not isinstance(password, str) or not password:
        return None
    return Login(username if isinstance(username, str) and username else None, password)
