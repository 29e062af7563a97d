"""Runs in a fresh process of the function's own interpreter, which has boto3 and nothing else of ours.

It prints one JSON object as its last line. Arguments::

    look FOLDER EVENT COUNT   import a function as Lambda does, hand it the event COUNT times
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


def look(folder: str, event_file: str, count: str) -> dict[str, Any]:
    """Import the function's handler from the path that the parent has set, and let it look."""
    handle = importlib.import_module(f"{folder}.handler").handle
    event = json.loads(Path(event_file).read_text(encoding="utf-8"))
    context = SimpleNamespace(
        function_name=folder,
        memory_limit_in_mb=1024,
        invoked_function_arn=f"arn:aws:lambda:xx-test-1:111122223333:function:{folder}",
        aws_request_id="0",
    )
    began, answers = [], []
    for _ in range(int(count)):
        began.append(time.monotonic())
        answers.append(handle(event, context))
    return {"began": began, "answers": answers}


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
    ways = {"look": look, "calls": calls, "boto3": one_client}
    done = ways[what](*rest)
    sys.stdout.write("\n" + json.dumps(done, default=str) + "\n")
