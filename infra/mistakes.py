"""Words a mistake in an environment file for the person who made it."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
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


def clash(path: Path, account: str, environment: str, dashboard: str) -> str:
    """Return why a dashboard's name is taken by another environment beside this one, or nothing.

    A deploy would replace the other's dashboard without a word.
    """
    for file in sorted(path.parent.glob("*.toml")):
        try:
            other = tomllib.loads(file.read_text(encoding="utf-8"))
            taken = other["account"] == account and other["dashboard"]["name"] == dashboard
            if taken and other["name"] != environment:
                return (
                    f"{path.name}: dashboard.name is {dashboard!r}, as in {file.name}; expected another: "
                    "an account has one list of dashboards for all its regions"
                )
        except (OSError, ValueError, LookupError, TypeError):
            continue  # it is told when somebody loads that file
    return ""
