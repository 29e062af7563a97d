"""Turns evidence, as it is written, into lines that a person can follow."""

from collections.abc import Callable
from typing import Any

Line = dict[str, Any]
TOPICS = ("pages", "updates", "second-path")
"""How the topics' names end; an environment's own name may have dashes too."""


def _alarm(line: Line) -> str:
    name = line["name"].split("/", 1)[-1]
    if line["before"] == "INSUFFICIENT_DATA" and line["after"] == "OK":
        return ""
    return f"alarm      {name}: {line['before']} -> {line['after']}"


def _invocation(line: Line) -> str:
    if not line["ok"]:
        return f"function   {line['function']}: {line['error']} (attempt {line['attempt']})"
    answer = line.get("answer")
    if not isinstance(answer, dict) or "decided" not in answer:
        return ""
    return f"look       {answer['decided']}: {answer['why']}"


def _call(line: Line) -> str:
    if line["operation"] != "UpdateService":
        return ""
    return f"aws        UpdateService by {line['function']}: HTTP {line['status']}"


def _process(line: Line) -> str:
    if not line["name"].startswith("worker "):
        return ""
    what = {
        "start": "starts",
        "signal": f"gets {line.get('signal')}",
        "exit": f"exits with {line.get('exit_code')}",
    }[line["event"]]
    return f"process    {line['name']} {what}"


def _message(line: Line) -> str:
    topic = next((one for one in TOPICS if line["topic"].endswith(f"-{one}")), line["topic"])
    return f"{topic:<10} {line['subject']}"


_WORDS: dict[str, Callable[[Line], str]] = {
    "alarms": _alarm,
    "aws-calls": _call,
    "invocations": _invocation,
    "messages": _message,
    "processes": _process,
}


def words(name: str, line: Line) -> str:
    """Return one line for a person, with its virtual time; empty where there is nothing to say.

    A reason may quote the world: whatever could begin a line or move the cursor becomes a space.
    """
    text = _WORDS[name](line) if name in _WORDS else ""
    text = "".join(one if one.isprintable() else " " for one in text)
    return f"{line['at'][11:16]} {text}" if text else ""
