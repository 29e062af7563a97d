"""Each flow test plays on a stage that is as it was built."""

from collections.abc import Iterator
from functools import partial

import pytest

from ai_provider_outage_stage import ProviderNight, ProviderStage
from outside import outside
from stage import Stage, open_stage


@pytest.fixture(scope="module")
def built_stage() -> Iterator[Stage]:
    with outside() as web, open_stage(partial(ProviderStage, outside=web)) as stage:
        yield stage


@pytest.fixture
def stage(built_stage: ProviderStage) -> ProviderStage:
    built_stage.begin()
    return built_stage


@pytest.fixture
def night(stage: ProviderStage) -> ProviderNight:
    return ProviderNight(stage)
