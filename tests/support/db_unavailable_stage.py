"""The in-memory AWS with an RDS instance and the health endpoint that says how it is, and its night."""

from typing import Any

import moto.backends

import db_unavailable.wiring
from chapter_night import ChapterNight
from chapter_stage import ChapterStage, Function
from db_unavailable.settings import Settings
from ecs import ACCOUNT
from infra.chapters import db_unavailable as chapter
from seam import REGION, Call

HEALTH = "/api/v1/health"


class DatabaseStage(ChapterStage):
    """A stage whose function is db_unavailable. Of its world: RDS's status."""

    function = Function(
        "db_unavailable",
        chapter,
        Settings,
        db_unavailable.wiring.wire,
        urls={"health_url": HEALTH},
    )
    changes_by = ("UpdateService",)

    def _build(self) -> None:
        super()._build()
        self.admin("rds").create_db_instance(
            DBInstanceIdentifier=self.settings.instance,
            DBInstanceClass="db.t4g.medium",
            Engine="postgres",
            AllocatedStorage=100,
        )
        self.world = {"status": "available"}
        self.healthy(db=True)
        self.step(3600)  # the database's own creation is no event of this night

        group = self.settings.log_group
        self.admin("logs").create_log_group(logGroupName=group)
        self.admin("logs").create_log_stream(logGroupName=group, logStreamName="backend")

    def logs_an_error(self, text: str) -> None:
        """Let the backend log a line now."""
        line = {"timestamp": int(self.time.timestamp() * 1000), "message": text}
        self.admin("logs").put_log_events(
            logGroupName=self.settings.log_group, logStreamName="backend", logEvents=[line]
        )

    def healthy(self, *, db: bool) -> None:
        """Let the health endpoint say how its database is."""
        said = "ok" if db else "error"
        self.outside.say(HEALTH, {"db": said, "redis": "ok"}, 200 if db else 503)

    def _answer(self, call: Call) -> tuple[int, Any] | None:
        if call.service == "rds":
            backend: Any = moto.backends.get_backend("rds")
            found = backend[ACCOUNT][REGION].databases[self.settings.instance]
            found.status = self.world["status"]
        return super()._answer(call)


class DatabaseNight(ChapterNight):
    """A night of a database.

    Attributes:
        reconnects: whether the application finds the database once it is up.
        probed: whether the health probe says anything.
    """

    def begin(self) -> None:
        self.reconnects = True
        self.probed = True
        self.minutes(6)

    def _world(self) -> bool:
        stage: DatabaseStage = self.stage
        well = stage.world["status"] == "available" and self.reconnects
        if stage.outside.says[HEALTH] is not None:
            stage.healthy(db=well)
        if self.probed:
            stage.count("Nightshift", {"HealthDb": float(well)}, environment="prod")
        return not well

    def is_in(self, status: str) -> None:
        """Let RDS show a status."""
        self.stage.world["status"] = status

    def fails_over(self) -> None:
        """Let a failover begin."""
        self.is_in("failing-over")

    def runs_full(self) -> None:
        """Let its storage be full."""
        self.is_in("storage-full")

    moments = {  # noqa: RUF012  # as the base declares it
        "the alarm": ("", fails_over, lambda stage: bool(stage.incident())),
        "the page": ("", runs_full, lambda stage: bool(stage.pages())),
    }
