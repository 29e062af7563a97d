"""What alembic says is understood whole or not at all; what has no single step back is refused."""

import subprocess
from pathlib import Path

import pytest

from migrations_world import BACK, HERE, SHOW, written
from runbook.checks import alembic
from runbook.checks.alembic import COMMAND, Revisions

MERGE = ("Rev: d4 (head) (mergepoint)", "Merges: b2, c3")


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        pytest.param(written(), HERE, id="one step back"),
        pytest.param(
            [
                "Warning: nothing of ours",
                *written(("INFO  [alembic] Context impl.", "b2e4 (head)")),
            ],
            HERE,
            id="a logger's lines are passed over",
        ),
        pytest.param(
            written(("a1f0",), show=("Rev: a1f0", "Parent: <base>")), BACK, id="the first revision"
        ),
        pytest.param(
            written(("d4 (head) (mergepoint)",), ("d4 (head)",), MERGE),
            Revisions(("d4",), ("d4",), ("b2", "c3")),
            id="a merge",
        ),
        pytest.param(
            written(heads=("b2e4 (web) (head)", "c3 (head)")),
            Revisions(("b2e4",), ("b2e4", "c3"), ("a1f0",)),
            id="two heads, one with a label",
        ),
        pytest.param(
            written(show=(*SHOW, "Also depends on: c3")),
            Revisions(("b2e4",), ("b2e4",), ("a1f0",), depends=True),
            id="one that depends on others",
        ),
        pytest.param(written((), show=()), Revisions((), ("b2e4",), ()), id="an empty database"),
        pytest.param(
            written(("FAILED: Can't locate revision identified by 'ff'",), exits=(255, 0, 255)),
            Revisions(failed="FAILED: Can't locate revision identified by 'ff'"),
            id="the image does not know it",
        ),
        pytest.param(
            written((), exits=(127, 0, 0)), Revisions(failed="exit code 127"), id="no alembic"
        ),
        pytest.param(
            written(("b2e4 (head)", "Done")),
            Revisions(failed="what it calls current and what it shows of it do not agree"),
            id="a word that looks like a revision",
        ),
        pytest.param(
            written(show=("Rev: b2e4 (head)", "Parent: head")),
            Revisions(failed="it calls the revision before head"),
            id="a parent that Alembic would take for another",
        ),
        pytest.param(
            written(show=("Rev: b2e4 (head)", "Parent: a1; rm -rf /")),
            Revisions(failed="it calls the revision before a1; rm -rf /"),
            id="a parent that is no revision",
        ),
        pytest.param(written()[:-1], None, id="cut off before its end"),
        pytest.param([], None, id="nothing"),
        pytest.param(["nightshift:current", "b2e4", "nightshift:end"], None, id="one section only"),
    ],
)
def test_understands_what_alembic_writes(lines: list[str], expected: Revisions | None) -> None:
    assert expected == alembic.parse(lines)


@pytest.mark.parametrize(
    ("revisions", "why"),
    [
        pytest.param(HERE, "", id="one step back"),
        pytest.param(
            Revisions(failed="FAILED: Can't locate revision identified by 'ff'"),
            "the image does not contain the revision that the database is at: "
            "FAILED: Can't locate revision identified by 'ff'",
            id="not in the image",
        ),
        pytest.param(
            Revisions(failed="exit code 127"),
            "alembic failed in the image: exit code 127",
            id="failed",
        ),
        pytest.param(
            Revisions(("b2",), ("b2", "c3"), ("a1",)),
            "the image has 2 heads (b2, c3); expected one",
            id="two heads",
        ),
        pytest.param(
            Revisions((), ("b2",)),
            "the database is at 0 revisions (none); expected one",
            id="empty",
        ),
        pytest.param(
            Revisions(("b2", "c3"), ("d4",), ("a1", "a1")),
            "the database is at 2 revisions (b2, c3); expected one",
            id="two at once",
        ),
        pytest.param(
            Revisions(("d4",), ("d4",), ("b2", "c3")),
            "d4 merges b2, c3: there is no single revision before it",
            id="a merge",
        ),
        pytest.param(
            Revisions(("b2",), ("b2",), ("a1",), depends=True),
            "b2 depends on further revisions: one step back may be more than one",
            id="depends on others",
        ),
        pytest.param(
            BACK, "a1f0 is the first revision: there is nothing before it", id="the first"
        ),
    ],
)
def test_refuses_what_has_no_single_step_back(revisions: Revisions, why: str) -> None:
    assert why == revisions.refuses()


def test_the_script_runs_in_a_plain_shell_and_tells_each_exit_code(tmp_path: Path) -> None:
    fake = tmp_path / "alembic"
    fake.write_text(
        '#!/bin/sh\ncase "$1" in heads) echo broken >&2; exit 3;; *) echo "$@";; esac\n'
    )
    fake.chmod(0o755)

    done = subprocess.run(  # noqa: S603  # a script of this test's own
        COMMAND,
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.splitlines() == [
        "nightshift:current",
        "current",
        "nightshift:exit 0",
        "nightshift:heads",
        "broken",
        "nightshift:exit 3",
        "nightshift:show",
        "show current",
        "nightshift:exit 0",
        "nightshift:end",
    ]
