"""Turns a failed read into ``Unknown``: a check never lends a default to a decision."""

from collections.abc import Callable
from typing import TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from runbook.model import Unknown

T = TypeVar("T")


def ask(what: str, read: Callable[[], T | Unknown]) -> T | Unknown:
    """Read, or say why it could not be read.

    Args:
        what: the question, for example ``the service saas-worker``; it starts the sentence.
        read: makes the calls.

    Returns:
        What ``read`` returned, or ``Unknown`` when AWS refused, throttled or did not answer, or answered in
        a shape that we do not know.
    """
    try:
        return read()
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "no code")
        return Unknown(f"{what}: AWS answered {code} to {error.operation_name}")
    except BotoCoreError as error:
        return Unknown(f"{what}: {type(error).__name__}, AWS did not answer")
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        # A lookup's text is a name of ours; any other may be a piece of the answer.
        name = f" {error}" if isinstance(error, LookupError) else ""
        return Unknown(f"{what}: the answer has another shape ({type(error).__name__}{name})")
