"""Runs in a fresh process of the function's own interpreter, which has boto3 and nothing else of ours.

It prints one JSON object as its last line. Arguments::

    look FOLDER EVENT COUNT   import a function as Lambda does, hand it the event COUNT times
    stay FOLDER EVENT         the same, once for each line of the standard input; a line for each look
    calls JSON                make calls one after another, each [service, operation, parameters]
    boto3                     import boto3 and make one client
"""

import importlib
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

LOOKED = "looked "
"""Begins the line that tells of one look; what a function itself prints begins in other ways."""


def _ready(folder: str, event_file: str) -> Callable[[], Any]:
    """Import the function's handler from the path that the parent has set; return one look of it."""
    handle = importlib.import_module(f"{folder}.handler").handle
    event = json.loads(Path(event_file).read_text(encoding="utf-8"))
    context = SimpleNamespace(
        function_name=folder,
        memory_limit_in_mb=1024,
        invoked_function_arn=f"arn:aws:lambda:xx-test-1:111122223333:function:{folder}",
        aws_request_id="0",
    )
    return lambda: handle(event, context)


def look(folder: str, event_file: str, count: str) -> dict[str, Any]:
    """Let the function look so many times."""
    looks = _ready(folder, event_file)
    began, answers = [], []
    for _ in range(int(count)):
        began.append(time.monotonic())
        answers.append(looks())
    return {"began": began, "answers": answers}


def stay(folder: str, event_file: str) -> dict[str, Any]:
    """Let the function look each time that the parent asks."""
    looks = _ready(folder, event_file)
    for _ in sys.stdin:
        began = time.monotonic()
        answer = looks()
        told = {"seconds": time.monotonic() - began, "answer": answer}
        sys.stdout.write(f"\n{LOOKED}{json.dumps(told, default=str)}\n")
        sys.stdout.flush()
    return {}


def calls(asked: str) -> dict[str, Any]:
    """Make the calls in their order, each service's client made once and beforehand."""
    import boto3  # noqa: PLC0415  # only this way of running needs it

    wanted = json.loads(asked)
    clients = {service: boto3.client(service) for service, _, _ in wanted}
    began = time.monotonic()
    for service, operation, params in wanted:
        getattr(clients[service], operation)(**params)
    return {"began": [began]}


def one_client() -> dict[str, Any]:
    """Do what the least function that speaks to AWS has to do."""
    import boto3  # noqa: PLC0415  # only this way of running needs it

    boto3.client("dynamodb")
    return {}


if __name__ == "__main__":
    what, *rest = sys.argv[1:]
    ways: dict[str, Callable[..., dict[str, Any]]]
    ways = {"look": look, "stay": stay, "calls": calls, "boto3": one_client}
    done = ways[what](*rest)
    sys.stdout.write("\n" + json.dumps(done, default=str) + "\n")
