"""The in-memory AWS with a backend, a worker and a front end on it, and the function that rolls them back."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import time_machine

from backend_ecs import SERVICE, definition
from backend_stage import BackendStage
from building import ENVIRONMENT
from infra.chapters import rollback as chapter
from rehearsal.saas.outside import TOKEN, Outside
from rollback.answer import RollBack
from rollback.settings import Settings
from runbook.settings import build
from seam import Call, aws
from stage import event, open_stage
from vercel_web import PROJECT, SECRET, Vercel, serve_vercel

TOLD = chapter.spec(ENVIRONMENT).settings
MODE = "/nightshift/prod/modes/rollback_backend"
WRITES = ("PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "Publish", "SendMessage")


class RollbackStage(BackendStage):
    """A stage whose function is rollback. The backend runs revision 7; 6 ran for days before."""

    def __init__(self, mover: time_machine.Traveller, vercel: Vercel) -> None:
        self.vercel = vercel
        told = {**TOLD, "vercel_api": f"{vercel.url}/vercel/"}
        self.rollback_settings = build(Settings, told, "rollback")
        super().__init__(mover, "http://127.0.0.1:9/health")

    def _build(self) -> None:
        super()._build()
        self.parameter(MODE, "propose")
        self.admin("secretsmanager").create_secret(Name=SECRET, SecretString=TOKEN)

    def begin(self) -> None:
        """Be as it was built, with a front end that shows dpl_3."""
        super().begin()
        vercel = self.vercel
        vercel.outside = Outside({}, PROJECT)
        vercel.loses, vercel.takes, vercel.instead = False, True, None
        vercel.asked.clear()

    def ask(self, what: object) -> dict[str, Any]:
        """Invoke rollback once; what it raises comes out."""
        with self.acting("rollback"):
            return RollBack(aws(), self.rollback_settings, self).answer(what)

    def look_again(self, target: str = SERVICE, seconds: float = 60) -> dict[str, Any]:
        """Let time pass, and let patrol ask for a second look if it is due."""
        self.step(seconds)
        due = event("rollback_look_due")
        return self.ask({**due, "detail": {**due["detail"], "target": target}})

    def until(self, status: str, target: str = SERVICE, most: int = 40) -> dict[str, Any]:
        """Let minutes pass, with the looks that are due, until the incident has a status."""
        for _ in range(most):
            answer = self.look_again(target)
            if self.case(target).get("status") == status:
                return answer
        raise AssertionError(f"not {status} within {most} min: {self.case(target)}")

    def case(self, target: str = SERVICE) -> dict[str, Any]:
        """Return the item of a rollback's incident, empty when there is none."""
        return self.item(f"incident#rollback#{target}", "current")

    def writes(self) -> list[str]:
        """Return the calls of ours that wrote anything anywhere."""
        return [one.operation for one in self.calls if one.operation in WRITES] + self.changes()

    def _answer(self, call: Call) -> tuple[int, Any] | None:
        if call.operation == "ListTaskDefinitions":
            arns = sorted(self.backend.definitions, key=lambda arn: int(arn.rsplit(":", 1)[-1]))
            return 200, {"taskDefinitionArns": arns[::-1][: call.params["maxResults"]]}
        return super()._answer(call)

    def told(self) -> list[str]:
        """Return the subjects of what SNS took, without what all of them begin with."""
        return [
            str(one.params["Subject"]).removeprefix("[prod] rollback ")
            for one in self._of("Publish")
        ]


@contextmanager
def open_rollback_stage() -> Iterator[RollbackStage]:
    """Build a stage, and take it down."""
    with (
        serve_vercel() as vercel,
        open_stage(lambda mover: RollbackStage(mover, vercel)) as stage,
    ):
        assert isinstance(stage, RollbackStage)
        yield stage


def revision(number: int) -> str:
    """Return the ARN of the backend's revision."""
    return definition(number)
