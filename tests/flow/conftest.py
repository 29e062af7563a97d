"""Each flow test gets a stage of its own."""

from collections.abc import Iterator

import pytest
from night import Night
from stage import Stage, open_stage


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    with open_stage(monkeypatch) as opened:
        yield opened


@pytest.fixture
def night(stage: Stage) -> Night:
    return Night(stage)
