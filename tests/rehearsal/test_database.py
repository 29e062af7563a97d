"""The stand-in database, a real Postgres: it leaves nothing behind, closed or killed."""

from collections.abc import Callable
from pathlib import Path

import pytest

from rehearsal.journal import Journal
from rehearsal.ports import free_port
from rehearsal.processes import Processes
from rehearsal.saas.database import Database

pytestmark = pytest.mark.usefixtures("can_rehearse")


def _leave_running(_database: Database) -> None:
    """End as a case does whose driver was killed: its processes go, and nobody closes the database."""


@pytest.mark.parametrize("end", [Database.close, _leave_running], ids=["closed", "left running"])
def test_its_data_does_not_outlive_the_processes(
    end: Callable[[Database], None], journal: Journal, tmp_path: Path
) -> None:
    processes = Processes(journal)
    database = Database(tmp_path, free_port(), 20, 3, processes)
    home = database._home
    assert database.query("SELECT count(*) FROM items") == [(20,)]

    end(database)
    processes.close()

    assert not home.exists()
