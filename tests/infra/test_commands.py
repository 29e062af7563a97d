"""What a page gives a tired person to paste works in whatever region their own shell is set to."""

import re

import pytest

from infra import chapters, docs
from infra.environment import load

COMMAND = re.compile(r"aws [a-z0-9-]+ [a-z0-9-]+ ?(?P<rest>[^)]*)")
WITH_FIXES = [
    (environment, scenario)
    for environment in ("prod", "example-us-east-1")
    for scenario in chapters.SCENARIOS
    if docs.kit_of(load(environment), scenario).scenario.fixes
]


def without(region: str, text: str) -> list[str]:
    """Return the commands in a text that do not begin with the region."""
    rests = [found["rest"] for found in COMMAND.finditer(text)]
    return [rest for rest in rests if not rest.startswith(f"--region {region} ")]


@pytest.mark.parametrize(
    ("environment", "scenario"), WITH_FIXES, ids=[f"{one}-{two}" for one, two in WITH_FIXES]
)
def test_the_command_of_every_fix_names_its_region(environment: str, scenario: str) -> None:
    loaded = load(environment)
    fixes = docs.kit_of(loaded, scenario).scenario.fixes

    texts = [text for fix in fixes.values() for text in (fix.command(), fix.undo)]

    assert any(COMMAND.search(text) for text in texts)
    assert [one for text in texts for one in without(loaded.region, text)] == []
