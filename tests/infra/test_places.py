"""Nothing of one environment is in the code: region, account and names are in its file alone."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.environment import FOLDER
from synthesized import Synthesized

ROOT = FOLDER.parent
SOURCES = sorted(
    path for folder in ("functions", "infra") for path in (ROOT / folder).rglob("*.py")
)
REGION = re.compile(r"\b[a-z]{2}(-gov|-iso[a-z]?)?-(north|south|east|west|central)[a-z]*-\d\b")
ACCOUNT = re.compile(r"(?<!\d)\d{12}(?!\d)")
TELLING = re.compile(r"[-./@:]")
"""A value with one of these is a name of somebody's; ``worker`` or ``act`` is a word."""


def leaves(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        for one in part.values():
            yield from leaves(one)
    elif isinstance(part, list):
        for one in part:
            yield from leaves(one)
    elif isinstance(part, str):
        yield part


def names(environment: str) -> set[str]:
    """Return what an environment's file says that is somebody's own name, id or address."""
    found = tomllib.loads((FOLDER / f"{environment}.toml").read_text(encoding="utf-8"))
    own = {found["account"], found["region"], f"nightshift-{found['name']}"}
    return own | {one for one in leaves(found) if TELLING.search(one)}


def texts(path: Path) -> Iterator[str]:
    """Return the text constants of a file that its code uses; docstrings may give examples."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    shown = {
        id(one.value)
        for one in ast.walk(tree)
        if isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant)
    }
    for one in ast.walk(tree):
        if isinstance(one, ast.Constant) and isinstance(one.value, str) and id(one) not in shown:
            yield one.value


@pytest.mark.parametrize("pattern", [REGION, ACCOUNT], ids=["region", "account"])
def test_no_region_or_account_stands_in_the_code(pattern: re.Pattern[str]) -> None:
    found = {
        str(path.relative_to(ROOT)): match.group()
        for path in SOURCES
        if (match := pattern.search(path.read_text(encoding="utf-8")))
    }

    assert found == {}


def test_no_name_of_an_environment_stands_in_the_code() -> None:
    environments = [one.stem for one in FOLDER.glob("*.toml")]
    own = {name for environment in environments for name in names(environment)}
    called = {tomllib.loads((FOLDER / f"{one}.toml").read_text())["name"] for one in environments}

    found = {
        (str(path.relative_to(ROOT)), text)
        for path in SOURCES
        for text in texts(path)
        if text in called or any(name in text for name in own)
    }

    assert len(SOURCES) > 10
    assert found == set()


def test_an_environment_has_no_trace_of_another(prod: Synthesized, example: Synthesized) -> None:
    for here, there in ((prod, example), (example, prod)):
        foreign = names(there.environment) - names(here.environment)
        written = [
            path.read_text(encoding="utf-8")
            for path in here.folder.iterdir()
            if path.suffix == ".json"
        ]

        assert written
        assert [name for name in foreign for text in written if name in text] == []


def test_the_names_that_are_looked_for_are_those_that_matter() -> None:
    assert {"111122223333", "me-south-1", "saas-worker", "/prod/worker"} <= names("prod")
