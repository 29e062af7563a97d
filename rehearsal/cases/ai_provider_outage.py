"""Runbook scenario E: an AI provider is out, for how long, and what is done about it."""

from datetime import timedelta

from rehearsal.cases.case import Case, Expected, Proof
from rehearsal.cases.watching import act, decided, paged, resolved
from rehearsal.saas.saas import AI, BACKEND, DATABASE
from rehearsal.stage import Stage
from rehearsal.world import World

PARTS = frozenset({BACKEND, DATABASE, AI})
COUNTS = {"chats": 25, "requests": 35}
ALARM = "ai_provider_outage/ai-errors"
USUAL, OTHER = "anthropic", "openai"
SWITCH = f"set /prod/ai/provider to {OTHER}"
SWITCH_BACK = f"set /prod/ai/provider to {USUAL}"
REDEPLOY = "redeploy saas-backend"


def _provider(name: str) -> Proof:
    def proof(world: World) -> str:
        return "" if world.provider == name else f"the provider ended as {world.provider}"

    return proof


def _outage(stage: Stage, *names: str) -> None:
    for name in names or (USUAL,):
        provider = stage.saas.outside.providers[name]
        provider.answers, provider.page = False, "major"


def _switching(stage: Stage) -> None:
    act(stage, "switch_provider", "redeploy_backend")


def short_outage(stage: Stage) -> bool:
    """20 min without the provider: users get the fallback, and nothing is switched."""
    _switching(stage)
    _outage(stage)
    until = stage.clock.now() + timedelta(minutes=20)
    stage.until(lambda: stage.clock.now() > until, 21)
    stage.saas.outside.providers[USUAL].answers = True  # its page says so later, as they do
    return stage.until(lambda: resolved(stage, "ai_provider_outage"), 40)


def long_outage(stage: Stage) -> bool:
    """The provider does not come back: switched after 30 min, and the backend reads it."""
    _switching(stage)
    _outage(stage)
    return stage.until(lambda: resolved(stage, "ai_provider_outage"), 100)


def switch_does_not_help(stage: Stage) -> bool:
    """The other provider fails as well and does not admit it: both changes are taken back."""
    _switching(stage)
    _outage(stage, USUAL, OTHER)
    stage.saas.outside.providers[OTHER].page = "green"
    return stage.until(lambda: paged(stage, "did not help and is taken back"), 120)


def no_alternate(stage: Stage) -> bool:
    """The alternate is in use already, and fails: there is no other, a person is paged."""
    _switching(stage)
    stage.troubles.use_provider(OTHER)
    _outage(stage, OTHER)
    return stage.until(lambda: paged(stage, "there is no other provider"), 80)


def page_is_green(stage: Stage) -> bool:
    """The provider admits nothing: waited 15 min, then a person is paged."""
    _switching(stage)
    _outage(stage)
    stage.saas.outside.providers[USUAL].page = "green"
    waits = stage.until(lambda: decided(stage, "admits no outage"), 30)
    return waits and stage.until(lambda: paged(stage, "admits no outage"), 40)


CASES = (
    Case(
        "short_outage", "the provider hangs for 20 min", short_outage,
        Expected(
            changes=(), records=("users get the fallback",), proofs=(_provider(USUAL),),
            tasks=BACKEND, untouched=True, alarm_ok=True,
        ),
        parts=PARTS, counts=COUNTS, alarm=ALARM,
    ),
    Case(
        "long_outage", "the provider hangs for good", long_outage,
        Expected(
            changes=(SWITCH, REDEPLOY), proofs=(_provider(OTHER),), tasks=BACKEND,
            updates=("switch_provider applied", "redeploy applied", "fix verified", "resolved"),
            new_workers=True, alarm_ok=True,
        ),
        parts=PARTS, counts=COUNTS, alarm=ALARM,
    ),
    Case(
        "switch_does_not_help", "both providers hang", switch_does_not_help,
        Expected(
            changes=(SWITCH, REDEPLOY, SWITCH_BACK, REDEPLOY),
            pages=(("did not help and is taken back",),), proofs=(_provider(USUAL),),
        ),
        parts=PARTS, counts=COUNTS, alarm=ALARM,
    ),
    Case(
        "no_alternate", "the alternate is in use, and hangs", no_alternate,
        Expected(changes=(), pages=(("openai is out", "there is no other provider"),), tasks=BACKEND),
        parts=PARTS, counts=COUNTS, alarm=ALARM,
    ),
    Case(
        "page_is_green", "the provider hangs and admits nothing", page_is_green,
        Expected(
            changes=(), pages=(("admits no outage",),), proofs=(_provider(USUAL),), tasks=BACKEND,
            untouched=True,
        ),
        parts=PARTS, counts=COUNTS, alarm=ALARM,
    ),
)  # fmt: skip
