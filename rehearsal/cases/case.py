"""What a case is: something that breaks, and the end that the evidence must show."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from rehearsal.saas.saas import WORKER
from rehearsal.stage import Stage
from rehearsal.world import World

Proof = Callable[[World], str]
"""Says what is not as it must be in the SaaS at the end; an empty text when all is."""
Page = tuple[str, ...]
"""A page, by texts that it must have."""


@dataclass(frozen=True)
class Expected:
    """The end of a case, as the judge asks the evidence for it.

    Attributes:
        redeploys: calls of UpdateService by Nightshift that AWS accepted.
        pages: every page that comes, one by one; what repeats one of them word for word does not count.
        others: scenarios besides the case's own of which an incident is opened, every one.
        second_path: texts of which each must be in some message of the second path.
        updates: texts of which each must be in some message of the updates topic.
        unsaid: texts that no message of the updates topic may have.
        drained: the queue is empty, every task ran but those a killed worker took with it.
        new_workers: worker processes were started after the break.
        untouched: no worker was started or signalled by the embedded ECS after the break.
        alarm_ok: the critical alarm ended as OK.
        dead_letters: events of which every attempt failed; None where it does not matter how many.
        records: texts of which each must be in some record.
        changes: all that Nightshift changed, in order and in the words of ``rehearsal.changes``; where it
            is set it stands in place of ``redeploys``.
        proofs: what must be so in the SaaS itself at the end; each returns what is not.
        tasks: whose processes ``new_workers`` and ``untouched`` are about.
    """

    redeploys: int = 0
    pages: tuple[Page, ...] = ()
    others: tuple[str, ...] = ()
    second_path: tuple[str, ...] = ()
    updates: tuple[str, ...] = ()
    unsaid: tuple[str, ...] = ()
    drained: bool = False
    new_workers: bool = False
    untouched: bool = False
    alarm_ok: bool = False
    dead_letters: int | None = 0
    records: tuple[str, ...] = ()
    changes: tuple[str, ...] | None = None
    proofs: tuple[Proof, ...] = ()
    tasks: str = WORKER


@dataclass(frozen=True)
class Case:
    """One case of a scenario.

    Attributes:
        name: as on the command line.
        broke: what is broken, for the table.
        staged: the break is only a status somewhere, not a real one.
        play: breaks it and lives until the end; returns whether the end came in time.
        expected: what the judge asks for.
        parts: of the SaaS, those that it needs.
        counts: tasks of a service, and chats a minute, where they differ from the usual.
        alarm: the critical alarm, by its name after the prefix.
        says_when: ``play`` calls ``stage.broke()`` at the moment of the break; else that is its start.
    """

    name: str
    broke: str
    play: Callable[[Stage], bool]
    expected: Expected
    staged: bool = False
    parts: frozenset[str] = frozenset({WORKER})
    counts: Mapping[str, int] = field(default_factory=dict)
    alarm: str = "worker_stuck/queue-depth"
    says_when: bool = False


@dataclass
class Evidence:
    """What the judge found.

    Attributes:
        ok: whether every expectation held.
        why: a sentence for each that did not.
    """

    ok: bool = True
    why: list[str] = field(default_factory=list)

    def expect(self, held: object, sentence: str) -> None:
        """Note an expectation."""
        if not held:
            self.ok = False
            if sentence not in self.why:
                self.why.append(sentence)
