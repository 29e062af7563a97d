"""The same incident by hand and by a look, side by side at 40 ms a call, in wall time to the fix."""

import statistics
from collections.abc import Callable

from benchmarks.commands import Command, commands, find_cli, version
from benchmarks.lab import Lab, Ran, fix_at
from benchmarks.nights import FROZEN_WORKER
from benchmarks.report import Line, at_least, milliseconds, rounds
from benchmarks.world import World

DELAY_SECONDS = 0.04
ROUNDS = 3
AIM = 8.0


def measure(lab: Lab) -> list[Line]:
    """Type the commands, then let a cold and a warm function look; several times."""
    told = lab.specs["worker_stuck"].settings
    lab.server.world = World(lab.environment, FROZEN_WORKER, stopped=1)
    lab.server.delay_seconds = DELAY_SECONDS
    run, how = _way(lab)
    typed, least, cold, warm = [], [], [], []
    for _ in rounds("by hand", ROUNDS):
        took = [(one, run(one).wall_seconds) for one in commands(told)]
        typed.append(sum(seconds for _, seconds in took))
        least.append(sum(seconds for one, seconds in took if one.least))
        lab.server.take()
        ran = lab.look(count=2)
        calls = lab.server.take()
        cold.append(fix_at(calls, ran) - ran.began_at)
        warm.append(fix_at(calls, ran, 1) - ran.said["began"][1])
    return [Line(how, ""), *_lines(typed, least, cold, warm)]


def _lines(
    typed: list[float], least: list[float], cold: list[float], warm: list[float]
) -> list[Line]:
    by_hand = statistics.median(typed)
    shortest = statistics.median(least)
    fresh, ready = statistics.median(cold), statistics.median(warm)
    return [
        at_least(
            "chapter and quick diagnostics (8 commands) / cold function", by_hand / fresh, AIM
        ),
        at_least("the same / warm function", by_hand / ready, AIM),
        Line("the chapter's three commands alone / cold function", f"{shortest / fresh:.1f} x"),
        Line("the same / warm function", f"{shortest / ready:.1f} x"),
        Line("8 commands", milliseconds(typed)),
        Line("cold function: start of the interpreter to fix answered", milliseconds(cold)),
        Line("warm function: event to fix answered", milliseconds(warm)),
    ]


def _way(lab: Lab) -> tuple[Callable[[Command], Ran], str]:
    aws = find_cli()
    if aws:
        return lambda one: lab.command(one.words(aws)), f"by hand is {version(aws)} on this machine"
    how = (
        "no AWS CLI here: by hand is one boto3 process a command. Such a process starts about as fast as\n"
        "the CLI or faster, so the ratios are lower bounds"
    )
    return lambda one: lab.calls([one.call()]), how
