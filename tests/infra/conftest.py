"""One synth per environment and test session: the first takes seconds, since it starts Node."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from infra.node import ensure_node
from infra.synth import synthesize
from rehearsal.overlay import addresses
from synthesized import Synthesized

# Tests import modules that import aws_cdk, which starts Node at once: the right one must be known by then.
ensure_node()

Synth = Callable[..., Synthesized]


@pytest.fixture(scope="session")
def synth(tmp_path_factory: pytest.TempPathFactory) -> Synth:
    """Return what synthesizes a shipped environment, once."""
    made: dict[str, Synthesized] = {}
    failed: dict[str, str] = {}

    def synth(environment: str, overlay: Mapping[str, Any] | None = None) -> Synthesized:
        key = f"{environment} {overlay}"
        if key not in made and key not in failed:
            folder = tmp_path_factory.mktemp(environment)
            try:
                made[key] = Synthesized(synthesize(environment, folder, overlay), environment)
            except RuntimeError as error:
                failed[key] = f"{environment} cannot be synthesized: {error}"
        if key in failed:
            pytest.fail(failed[key], pytrace=False)  # once is enough: no test waits for it again
        return made[key]

    return synth


@pytest.fixture(scope="session")
def prod(synth: Synth) -> Synthesized:
    return synth("prod")


@pytest.fixture(scope="session")
def example(synth: Synth) -> Synthesized:
    return synth("example-us-east-1")


@pytest.fixture(scope="session")
def rehearsed(synth: Synth) -> Synthesized:
    return synth("prod", addresses(redis_port=12345, web_port=23456))


@pytest.fixture(scope="session", params=["prod", "example-us-east-1"])
def stack(synth: Synth, request: pytest.FixtureRequest) -> Synthesized:
    """Return each shipped environment's assembly in turn: its properties hold for both."""
    return synth(request.param)
