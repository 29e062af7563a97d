"""The command line: ``python -m rehearsal run`` and ``python -m rehearsal controls``."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from rich.console import Console

from infra.environment import EnvironmentFileError
from rehearsal.cases import SCENARIOS
from rehearsal.controls import CONTROLS
from rehearsal.driver import FOLDER, Driver, Job, jobs_of, table
from rehearsal.parts import MissingPartError, check_platform, redis_server

FILE_WIDTH = 144
"""Columns where the output goes to a file: the closing table fits without folding."""


class NothingToDoError(Exception):
    """No case is what was asked for; going on would count as passed."""


def _run(driver: Driver, console: Console, asked: argparse.Namespace) -> int:
    written = asked.folder / "result.json"
    written.unlink(missing_ok=True)  # an older one would outlive a run that is broken off
    results = driver.run(_some(jobs_of(asked.scenario, asked.case, asked.folder), asked))
    written.write_text(json.dumps(results, indent=1), encoding="utf-8")
    console.print(table(results, "Rehearsed", lambda one: "as expected" if one["ok"] else "RED"))
    for one in results:
        for sentence in one["why"]:
            console.print(f"{one['case']}: {sentence}", highlight=False, markup=False)
    red = [one["case"] for one in results if not one["ok"]]
    console.print(f"{len(results) - len(red)} passed, {len(red)} failed", highlight=False)
    console.print(
        f"evidence, records, post-mortems and every message: {asked.folder}",
        highlight=False,
        soft_wrap=True,
    )
    return 1 if red else 0


def _controls(driver: Driver, console: Console, asked: argparse.Namespace) -> int:
    jobs = [
        Job(
            scenario,
            control.case,
            asked.folder / "controls" / scenario / f"{control.case}-{number}",
            control,
        )
        for scenario, controls in CONTROLS.items()
        for number, control in enumerate(controls)
        if asked.scenario in (None, scenario) and asked.case in (None, control.case)
    ]
    results = driver.run(_some(jobs, asked))

    red = [_is_red(job, one) for job, one in zip(jobs, results, strict=True)]
    verdicts = iter("red" if one else "NOT RED" for one in red)
    title = "Controls: Nightshift broken on purpose, and every case must be red"
    console.print(table(results, title, lambda _: next(verdicts)))
    for job, one, found in zip(jobs, results, red, strict=True):
        why = found or f"{'; '.join(one['why']) or 'the judge saw nothing wrong'}"
        console.print(f"{job.label}: {why}", highlight=False, markup=False, soft_wrap=True)
    fooled = red.count("")
    console.print(f"{len(red) - fooled} passed, {fooled} failed", highlight=False)
    return 1 if fooled else 0


def _some(jobs: list[Job], asked: argparse.Namespace) -> list[Job]:
    if not jobs:
        raise NothingToDoError(f"{asked.scenario} has no case {asked.case} to {asked.command}")
    return jobs


def _is_red(job: Job, result: dict[str, Any]) -> str:
    """Return the sentence of the judge that this control must provoke; empty when it is missing.

    A case that broke down itself proves nothing, and neither does red for another reason.
    """
    if job.control is None or result["ok"] or "broke" not in result:
        return ""
    wanted = job.control.because
    return next((sentence for sentence in result["why"] if wanted in sentence), "")


def _folder(name: str) -> Path:
    return Path(name).resolve()


def main() -> int:
    """Rehearse; 0 when everything ended as it must, 1 when not, 2 when it cannot be rehearsed."""
    parser = argparse.ArgumentParser(prog="rehearsal", description=__doc__)
    parser.add_argument("command", choices=("run", "controls"))
    parser.add_argument("--scenario", choices=sorted(SCENARIOS))
    parser.add_argument("--case", choices=sorted(c.name for cs in SCENARIOS.values() for c in cs))
    parser.add_argument("--environment", default="prod")
    parser.add_argument("--folder", type=_folder, default=FOLDER, help="for evidence")
    asked = parser.parse_args()
    console = Console()
    if not console.is_terminal:
        console = Console(width=FILE_WIDTH)
    try:
        check_platform()
        redis_server()
        driver = Driver(asked.environment, console, asked.folder)
        return (_run if asked.command == "run" else _controls)(driver, console, asked)
    except (MissingPartError, EnvironmentFileError, NothingToDoError) as error:
        print(error, file=sys.stderr)  # this is a command line
        return 2
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
