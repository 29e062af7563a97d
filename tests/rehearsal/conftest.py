"""What the rehearsal's tests share: a clock that stands, and a skip where nothing can be rehearsed."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from infra.synth import synthesize
from rehearsal.clock import SharedClock
from rehearsal.journal import Journal
from rehearsal.overlay import addresses
from rehearsal.parts import MissingPartError, check_platform, redis_server
from rehearsal.processes import Processes

START = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def can_rehearse() -> None:
    """Skip, with the sentence that the command line prints, where the rehearsal cannot run."""
    try:
        check_platform()
        redis_server()
    except MissingPartError as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the shipped environment as a rehearsal synthesizes it, made once."""
    folder = tmp_path_factory.mktemp("assembly")
    return synthesize("prod", folder, addresses(redis_port=12345, web_port=23456))


@pytest.fixture
def clock(tmp_path: Path) -> Iterator[SharedClock]:
    made = SharedClock(tmp_path / "clock", START)
    yield made
    made.close()


@pytest.fixture
def journal(tmp_path: Path, clock: SharedClock) -> Journal:
    return Journal(tmp_path, clock)


@pytest.fixture
def processes(journal: Journal) -> Iterator[Processes]:
    made = Processes(journal)
    yield made
    made.close()
