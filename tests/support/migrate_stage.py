"""The in-memory AWS with a database and its migrations on it, and the function that rolls back."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import time_machine

from building import ENVIRONMENT, build_aws
from infra.chapters import rollback
from migrate_ecs import MigrateEcs
from rollback.answer import RollBack
from rollback.settings import Settings
from runbook.bus import LOOK_TYPE
from runbook.clock import to_text
from runbook.settings import build
from seam import Call, aws
from stage import START, Stage

NAME = "rollback"
SETTINGS = build(Settings, rollback.spec(ENVIRONMENT).settings, NAME)
INSTANCE = SETTINGS.instance
SNAPSHOT = "before-release"
STATED = {
    "from": "b2e4",
    "backwards_compatible": True,
    "no_data_in_new_columns": True,
    "snapshot": SNAPSHOT,
}


class MigrateStage(Stage):
    """A stage whose function is rollback, with the database's part only."""

    def __init__(self, mover: time_machine.Traveller) -> None:
        self.time = START
        self.migrate = MigrateEcs(lambda: self.time)
        super().__init__(mover)

    def _build(self) -> None:
        build_aws(self.admin)
        rds = self.admin("rds")
        rds.create_db_instance(
            DBInstanceIdentifier=INSTANCE,
            DBInstanceClass="db.t4g.medium",
            Engine="postgres",
            AllocatedStorage=100,
        )
        rds.create_db_snapshot(DBSnapshotIdentifier=SNAPSHOT, DBInstanceIdentifier=INSTANCE)
        self.parameter(SETTINGS.switch_parameter, "on")
        self.parameter(SETTINGS.mode_parameters["rollback_backend"], "propose")
        self.tag_means = ""
        self.time += timedelta(hours=1)

    # The function

    def ask(self, **fields: Any) -> dict[str, Any]:
        """Ask for the database's rollback, as a person does."""
        return self.invoke({"part": "database", "reason": "seats break the export", **fields})

    def invoke(self, what: object) -> dict[str, Any]:
        """Invoke rollback once; what it raises comes out."""
        clients = aws()
        with self.acting(NAME):
            return RollBack(clients, SETTINGS, self).answer(what)

    def look(self) -> dict[str, Any]:
        """Look again as patrol asks for it, if it is due."""
        item = self.incident()
        if "open" not in item or item["next_look_at"] > to_text(self.time):
            return {}
        detail = {"schema": 1, "environment": "prod", "scenario": NAME, "target": INSTANCE}
        return self.invoke(
            {
                "id": self.new_id(),
                "detail-type": LOOK_TYPE,
                "source": "nightshift",
                "account": SETTINGS.account,
                "region": SETTINGS.region,
                "detail": {**detail, "why": "due"},
            }
        )

    def live(self, minutes: int) -> None:
        """Let some minutes pass, with a second look in each."""
        for _ in range(minutes):
            self.step(60)
            self.look()

    def read(self) -> None:
        """Let alembic be asked and answer."""
        self.ask(dry_run=True)
        self.step(90)

    def _answer(self, call: Call) -> tuple[int, Any] | None:
        if call.service == "ecs":
            return self.migrate.answer(call.operation, call.params)
        if call.operation == "GetLogEvents":
            return self.migrate.log_events(call.params)
        return super()._answer(call)

    # What there is now

    def incident(self) -> dict[str, Any]:
        """Return the incident's item, empty when there is none."""
        return self.item(f"incident#{NAME}#{INSTANCE}", "current")

    def outcomes(self) -> list[str]:
        """Return how the attempts ended."""
        return [str(one["outcome"]) for one in self.incident().get("attempts", [])]

    def told(self) -> list[str]:
        """Return the subjects of what SNS took, without what all of them begin with."""
        start = f"[prod] {NAME} {INSTANCE}: "
        return [str(one.params["Subject"]).removeprefix(start) for one in self._of("Publish")]

    def go_back(self, saved: Mapping[str, Any]) -> None:
        """Be as the stage was when it was saved, with an ECS that never ran a task."""
        super().go_back(saved)
        self.migrate = MigrateEcs(lambda: self.time)
