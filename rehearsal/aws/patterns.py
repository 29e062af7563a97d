"""CloudWatch Logs' JSON filter patterns, as far as the stack uses them; moto's match everything.

``{ $.a = "x" }`` and ``{ ($.a = "x") && ($.b = "y") }``: equality of texts, joined by and.
"""

import json
import re

_TERM = re.compile(r'^\(?\s*\$\.(?P<field>[A-Za-z0-9_.]+)\s*=\s*"(?P<value>[^"]*)"\s*\)?$')


def matches(pattern: str, message: str) -> bool:
    """Say whether a log line matches a pattern.

    Raises:
        NotImplementedError: the pattern is of another kind.
    """
    inner = pattern.strip()
    if not (inner.startswith("{") and inner.endswith("}")):
        raise NotImplementedError(f"filter pattern {pattern!r} is not rehearsed")
    try:
        found = json.loads(message)
    except ValueError:
        found = None
    return all(_holds(term.strip(), found, pattern) for term in inner[1:-1].split("&&"))


def _holds(term: str, found: object, pattern: str) -> bool:
    read = _TERM.match(term)
    if read is None:
        raise NotImplementedError(f"{term!r} in filter pattern {pattern!r} is not rehearsed")
    value = found
    for name in read["field"].split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value == read["value"]
