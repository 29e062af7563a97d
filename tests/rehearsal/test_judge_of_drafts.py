"""The post-mortem drafts: one of each incident that has ended, with all that was changed in it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from evidence import INCIDENT, Night, repaired, says_only

NAME = INCIDENT.removeprefix("record#")


def ended() -> Night:
    """Return a night whose incident has ended, with its draft."""
    night = repaired()
    applied = {"pk": INCIDENT, "decided": "Wait", "why": "redeploy applied", "intent": "one-intent"}
    resolved = {"pk": INCIDENT, "decided": "Resolve", "why": "it is well again"}
    night.end(records=[applied, resolved], drafts={NAME: f"# {NAME}\n\napplied: one-intent\n"})
    return night


def test_a_draft_that_tells_of_every_change_is_ok(tmp_path: Path) -> None:
    assert ended().judged(tmp_path).why == []


SPOILT: dict[str, tuple[str, Callable[[Night], None]]] = {
    "none": (f"no post-mortem draft of {NAME}", lambda night: night.end(drafts={})),
    "of something else": (
        f"no post-mortem draft of {NAME}",
        lambda night: night.end(drafts={NAME: "one-intent"}),
    ),
    "a change is left out": (
        f"the draft of {NAME} leaves out ['one-intent']",
        lambda night: night.end(drafts={NAME: f"# {NAME}"}),
    ),
    "too early": (
        f"a draft of {NAME}, which has not ended",
        lambda night: night.end(records=night.ended.records[:1]),
    ),
    "of nobody's": (
        "drafts of incidents without a record: ['other']",
        lambda night: night.end(drafts={**night.ended.drafts, "other": "other"}),
    ),
}


@pytest.mark.parametrize(("sentence", "spoil"), SPOILT.values(), ids=SPOILT.keys())
def test_a_draft_that_is_missing_or_leaves_something_out_turns_a_case_red(
    sentence: str, spoil: Callable[[Night], None], tmp_path: Path
) -> None:
    night = ended()

    spoil(night)

    says_only(sentence, night, tmp_path)
