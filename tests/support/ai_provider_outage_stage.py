"""The in-memory AWS with an AI gateway's backend, its provider in SSM and two status pages, and its night."""

from collections.abc import Mapping
from typing import Any

import ai_provider_outage.wiring
from ai_provider_outage.settings import Settings
from backend_ecs import SERVICE, BackendEcs, definition, digest
from chapter_night import ChapterNight
from chapter_stage import ChapterStage, Function
from ecs import Body
from infra.chapters import ai_provider_outage as chapter
from seam import Call

ANTHROPIC, OPENAI = "anthropic", "openai"
PARAMETER = "/prod/ai/provider"
GREEN = {"status": {"indicator": "none"}, "incidents": []}
OUT = {"status": {"indicator": "major"}, "incidents": [{"name": "API errors"}]}


class GatewayEcs(BackendEcs):
    """A backend that can be redeployed, and whose tasks show their image."""

    def start_task(self) -> Body:
        """Start one task of the primary deployment."""
        task = super().start_task()
        task["containers"][0]["imageDigest"] = digest(self.version)
        return task

    def answer(self, operation: str, params: Mapping[str, Any]) -> tuple[int, Body]:
        """Answer one API call with a status and a body."""
        if operation == "UpdateService" and params.get("forceNewDeployment"):
            self.deploy(self.version)
            return 200, {"service": {"deployments": self.deployments}}
        if params.get("taskDefinition") == SERVICE:
            params = {"taskDefinition": definition(self.version)}
        return super().answer(operation, params)


class ProviderStage(ChapterStage):
    """A stage whose function is ai_provider_outage. Of its world: the provider that the tasks have read."""

    function = Function(
        "ai_provider_outage", chapter, Settings, ai_provider_outage.wiring.wire, urls={}
    )
    changes_by = ("PutParameter", "UpdateService")

    def __init__(self, mover: Any, outside: Any) -> None:
        self.backend: GatewayEcs
        super().__init__(mover, outside)

    def _build(self) -> None:
        super()._build()
        self.backend = GatewayEcs(lambda: self.time)
        for provider in (ANTHROPIC, OPENAI):
            self.settings.status_pages[provider] = f"{self.outside.url}/{provider}"
            self.outside.say(f"/{provider}", GREEN)
        self.parameter(PARAMETER, ANTHROPIC)
        self.world = {"serving": ANTHROPIC}

    def _answer(self, call: Call) -> tuple[int, Any] | None:
        if call.service == "ecs":
            return self.backend.answer(call.operation, call.params)
        return super()._answer(call)

    def _image_of(self, call: Call) -> tuple[int, Any]:
        [asked] = call.params["imageIds"]
        return 200, {"imageDetails": [{"imageDigest": self.backend.tags[asked["imageTag"]]}]}

    def provider(self) -> str:
        """Return what the parameter says."""
        return str(self.admin("ssm").get_parameter(Name=PARAMETER)["Parameter"]["Value"])

    def as_it_is(self) -> dict[str, Any]:
        """Return how the users' systems stand, without moments."""
        return {
            **super().as_it_is(),
            "provider": self.provider(),
            "rollouts": [one["rolloutState"] for one in self.backend.deployments],
            "made": self.backend.made,
        }

    def save(self) -> dict[str, Any]:
        """Return all of the stage as it is now."""
        return {**super().save(), "backend": self.backend.state()}

    def go_back(self, saved: Mapping[str, Any]) -> None:
        """Be as the stage was when it was saved."""
        super().go_back(saved)
        self.backend.put_back(saved["backend"])


class ProviderNight(ChapterNight):
    """A night of the AI gateway.

    Attributes:
        out: providers that answer with errors.
    """

    def begin(self) -> None:
        self.out: list[str] = []
        self.minutes(6)

    def _world(self) -> bool:
        stage: ProviderStage = self.stage
        ecs = stage.backend
        if ecs.primary["rolloutState"] == "IN_PROGRESS" and (
            ecs.primary["createdAt"] <= stage.time.timestamp() - 60
        ):
            ecs.roll_on()
            stage.world["serving"] = stage.provider()
        fails = stage.world["serving"] in self.out
        stage.count("Nightshift/prod", {"AiRequests": 100, "AiErrors": 90 if fails else 0})
        return fails

    def goes_out(self, *providers: str) -> None:
        """Let providers fail, and say so."""
        self.out = list(providers)
        for one in (ANTHROPIC, OPENAI):
            self.stage.outside.say(f"/{one}", OUT if one in providers else GREEN)

    def fails(self) -> None:
        """Let the provider fail."""
        self.goes_out(ANTHROPIC)

    def is_no_help(self) -> None:
        """Let the alternate fail too, and not say so."""
        self.out = [ANTHROPIC, OPENAI]

    def goes_on(self) -> None:
        """Let nothing else happen."""

    moments = {  # noqa: RUF012  # as the base declares it
        "the alarm": ("", fails, lambda stage: bool(stage.incident())),
        "the switch": ("the alarm", goes_on, lambda stage: stage.provider() == OPENAI),
        "the redeploy": ("the switch", goes_on, lambda stage: len(stage.changes()) == 2),
        "the way back": ("the redeploy", is_no_help, lambda stage: stage.provider() == ANTHROPIC),
        "the redeploy back": ("the way back", goes_on, lambda stage: len(stage.changes()) == 4),
    }
