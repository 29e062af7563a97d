"""What the SaaS depends on outside AWS, each with a switch: AI providers, their status pages, Vercel."""

import json
import time
from dataclasses import dataclass, field
from typing import Any

from rehearsal.saas.balancer import Reply

HANG_SECONDS = 1.0
"""Real: longer than the backend waits for a provider."""
TOKEN = "vercel-token"  # noqa: S105  # of the stand-in


def _json(status: int, body: Any) -> Reply:
    return Reply(status, [("Content-Type", "application/json")], json.dumps(body).encode(), True)


@dataclass
class Provider:
    """An AI provider and its page.

    Attributes:
        answers: whether it does; it hangs where it does not.
        page: ``green`` or ``major``.
    """

    name: str
    answers: bool = True
    page: str = "green"


@dataclass
class Outside:
    """All of it.

    Attributes:
        providers: by name.
        deployments: of the front end, newest first.
        production: which of them is served.
        asked_to_move: Vercel's last request to point production elsewhere, as its project shows it.
        stands_in: answers the health endpoint too, where a case has no backend.
    """

    providers: dict[str, Provider]
    project: str
    deployments: list[str] = field(default_factory=lambda: ["dpl_3", "dpl_2", "dpl_1"])
    production: str = "dpl_3"
    asked_to_move: dict[str, Any] | None = None
    stands_in: bool = False

    def answer(self, method: str, path: str, token: str) -> Reply | None:
        """Answer a request, None where the path is nobody's here."""
        parts = path.split("?", maxsplit=1)[0].strip("/").split("/")
        if self.stands_in and parts[-1] == "health":
            return _json(200, {"status": "ok", "db": "ok", "redis": "ok"})
        if parts[0] == "ai" and len(parts) > 1:
            return self._chat(self.providers[parts[1]])
        if parts[0] == "status" and len(parts) > 1:
            return self._page(self.providers[parts[1]])
        if parts[0] == "vercel":
            return self._vercel(method, parts[1:], token)
        return None

    def _chat(self, provider: Provider) -> Reply:
        if not provider.answers:
            time.sleep(HANG_SECONDS)
        return _json(200, {"text": f"an answer by {provider.name}"})

    def _page(self, provider: Provider) -> Reply:
        green = provider.page == "green"
        incidents = [] if green else [{"name": "Elevated errors", "impact": "major"}]
        status = {
            "indicator": "none" if green else "major",
            "description": "All Systems Operational" if green else "Partial System Outage",
        }
        return _json(
            200, {"page": {"name": provider.name}, "status": status, "incidents": incidents}
        )

    def _vercel(self, method: str, parts: list[str], token: str) -> Reply:
        if token != f"Bearer {TOKEN}":
            return _json(403, {"error": {"code": "forbidden", "message": "Not authorized"}})
        if method == "GET" and parts == ["v6", "deployments"]:
            return _json(200, {"deployments": [self._deployment(one) for one in self.deployments]})
        if method == "POST" and parts[:2] == ["v1", "projects"] and parts[3:4] == ["rollback"]:
            return self._roll_back(parts[2], parts[4])
        if method == "GET" and parts == ["v9", "projects", self.project]:
            production = self._deployment(self.production)
            return _json(
                200,
                {
                    "id": self.project,
                    "name": "saas",
                    "targets": {"production": production},
                    "lastAliasRequest": self.asked_to_move,
                },
            )
        return _json(404, {"error": {"code": "not_found", "message": "Not Found"}})

    def _roll_back(self, project: str, deployment: str) -> Reply:
        if project != self.project or deployment not in self.deployments:
            return _json(404, {"error": {"code": "not_found", "message": "Not Found"}})
        self.asked_to_move = {
            "type": "rollback",
            "jobStatus": "succeeded",
            "fromDeploymentId": self.production,
            "toDeploymentId": deployment,
            "requestedAt": int(time.time() * 1000),
        }
        self.production = deployment
        return Reply(201, [], b"", True)

    def _deployment(self, one: str) -> dict[str, Any]:
        age = self.deployments.index(one)
        now = int(time.time() * 1000)
        return {
            "uid": one,
            "id": one,
            "name": self.project,
            "state": "READY",
            "readyState": "READY",
            "target": "production",
            "readySubstate": "PROMOTED",
            "isRollbackCandidate": True,
            "meta": {"githubCommitSha": str(age + 1) * 40},
            "created": now - (age + 1) * 86_400_000,
            "createdAt": now - (age + 1) * 86_400_000,
        }
