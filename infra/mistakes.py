"""Words a mistake in an environment file for the person who made it."""

from collections.abc import Mapping
from typing import Any

EXPECTED = {
    "bool_type": "true or false",
    "dict_type": "a section",
    "greater_than_equal": "{ge} or more",
    "int_type": "a whole number",
    "less_than_equal": "{le} or less",
    "list_type": "a list",
    "literal_error": "{expected}",
    "model_type": "a section",
    "string_type": "a text in quotes",
    "too_short": "at least {min_length}",
}
"""What a mistake of each type should have been."""


def sentence(file: str, error: Mapping[str, Any]) -> str:
    """Return one mistake as a sentence that names the file, the key and what was expected.

    Args:
        file: its name.
        error: as pydantic tells it.
    """
    key = ".".join(str(part) for part in error["loc"] if part != "[key]")
    kind, found, about = error["type"], error["input"], error.get("ctx", {})
    if kind == "missing":
        return f"{file}: {key} is missing"
    if kind == "extra_forbidden":
        return f"{file}: {key} is unknown: a typo, or a key of another version"
    if kind != "value_error":
        expected = EXPECTED[kind].format(**about) if kind in EXPECTED else error["msg"]
        return f"{file}: {key} is {found!r}; expected {expected}"
    if isinstance(found, str):
        return f"{file}: {key} is {found!r}; {about['error']}"
    return f"{file}: {about['error']}"  # it is about several keys, and names them itself
