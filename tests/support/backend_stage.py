"""The in-memory AWS with a web backend on it, and a health endpoint on a port of its own."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import moto.backends

import stage as worker_stage
from backend_5xx.settings import Settings
from backend_5xx.wiring import wire
from backend_ecs import SERVICE, BackendEcs
from building import ENVIRONMENT, build_aws
from infra.chapters import backend_5xx
from runbook.clock import to_text
from runbook.function import handle_event
from runbook.settings import build
from seam import REGION, Call, aws
from stage import START, Stage

TOLD = backend_5xx.spec(ENVIRONMENT).settings
SETTINGS = build(Settings, TOLD, "backend_5xx")
RATE, ELB, *_ = SETTINGS.alarms
NAME = "backend_5xx"


class _Health(BaseHTTPRequestHandler):
    """The SaaS's health endpoint: says what the stage says."""

    body: bytes = b""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(type(self).body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def health_endpoint() -> Iterator[str]:
    """Serve the health endpoint on a free port; return its address."""
    server = HTTPServer(("127.0.0.1", 0), _Health)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/api/v1/health"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class BackendStage(Stage):
    """A stage whose function is backend_5xx."""

    def __init__(self, mover: Any, health_url: str) -> None:
        self.time = START
        self.backend = BackendEcs(lambda: self.time)
        self.settings = build(Settings, {**TOLD, "health_url": health_url}, NAME)
        super().__init__(mover)

    def _build(self) -> None:
        build_aws(self.admin)
        for group in (SETTINGS.log_group, SETTINGS.worker_log_group):
            if group != worker_stage.SETTINGS.log_group:
                self.admin("logs").create_log_group(logGroupName=group)
                self.admin("logs").create_log_stream(logGroupName=group, logStreamName="w")
        for name in SETTINGS.alarms:
            self.admin("cloudwatch").put_metric_alarm(
                AlarmName=name,
                MetricName="any",
                Namespace="any",
                Period=60,
                EvaluationPeriods=1,
                Threshold=1,
                ComparisonOperator="GreaterThanOrEqualToThreshold",
                Statistic="Sum",
            )
        self.admin("rds").create_db_instance(
            DBInstanceIdentifier=SETTINGS.instance,
            DBInstanceClass="db.t4g.medium",
            Engine="postgres",
            AllocatedStorage=100,
        )
        self.parameter(SETTINGS.switch_parameter, "on")
        for mode in ("rollback_backend", "raise_memory"):
            self.parameter(SETTINGS.mode_parameters[mode], "act")
        self.tag_means = ""
        self.time += timedelta(hours=1)  # the database's own creation is no event of this night

    # The world

    def database(self, status: str) -> None:
        """Let RDS show a status of the database."""
        backend: Any = moto.backends.get_backend("rds")
        backend["111122223333"][REGION].databases[SETTINGS.instance].status = status

    def healthy(self, *, db: bool) -> None:
        """Let the health endpoint say how its database is."""
        said = {"status": "ok" if db else "error", "db": "ok" if db else "error", "redis": "ok"}
        _Health.body = json.dumps(said).encode()

    def log(self, message: str, group: str = "") -> None:
        """Let the backend log one line now."""
        self.admin("logs").put_log_events(
            logGroupName=group or SETTINGS.log_group,
            logStreamName="w",
            logEvents=[{"timestamp": int(self.time.timestamp() * 1000), "message": message}],
        )

    def count(self, requests: int, errors: int, healthy: int) -> None:
        """Let CloudWatch show the minute that has just ended."""
        at = self.time - timedelta(minutes=1)
        balancer = {"LoadBalancer": SETTINGS.load_balancer}
        targets = {**balancer, "TargetGroup": SETTINGS.target_group}
        counted = (
            ("RequestCount", requests, balancer),
            ("HTTPCode_Target_5XX_Count", errors, balancer),
            ("HealthyHostCount", healthy, targets),
        )
        database = ("DatabaseConnections", 40, {"DBInstanceIdentifier": SETTINGS.instance})
        for space, series in (("AWS/ApplicationELB", counted), ("AWS/RDS", (database,))):
            self.admin("cloudwatch").put_metric_data(
                Namespace=space,
                MetricData=[
                    worker_stage._datum(name, value, at, where) for name, value, where in series
                ],
            )

    def ring(self, name: str, state: str) -> bool:
        """Set an alarm's state; say whether that was a change."""
        cloudwatch = self.admin("cloudwatch")
        found = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]["StateValue"]
        if found != state:
            cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="as measured")
        return bool(found != state)

    # The functions

    def look(self, what: object) -> dict[str, Any]:
        """Invoke backend_5xx once; what it raises comes out."""
        clients = aws()
        with self.acting(NAME):
            kit = wire(self.settings, clients, self)
            sqs = clients.reader("sqs")
            return handle_event(what, kit, self.settings, self.settings.alarms, sqs)

    def due(self) -> bool:
        """Say whether patrol would ask for a look now."""
        item, now = self.incident(), to_text(self.time)
        return "open" in item and item["next_look_at"] <= now and item["claim_until"] <= now

    def _answer(self, call: Call) -> tuple[int, Any] | None:
        if call.service == "ecs":
            return self.backend.answer(call.operation, call.params)
        return super()._answer(call)

    def _image_of(self, call: Call) -> tuple[int, Any]:
        [asked] = call.params["imageIds"]
        assert (call.operation, call.params["repositoryName"]) == ("DescribeImages", SERVICE)
        found = self.backend.tags.get(asked["imageTag"])
        return 200, {"imageDetails": [{"imageDigest": found}] if found else []}

    def _landed(self, call: Call) -> None:
        super()._landed(call)
        if call.operation in ("StopServiceDeployment", "RegisterTaskDefinition"):
            self.effects.append(call)

    # What there is now

    def incident(self) -> dict[str, Any]:
        """Return the incident's item, empty when there is none."""
        return self.item(f"incident#{NAME}#{SERVICE}", "current")

    def changes(self) -> list[str]:
        """Return the calls that changed ECS, oldest first."""
        kinds = ("UpdateService", "StopServiceDeployment", "RegisterTaskDefinition")
        return [one.operation for one in self.effects if one.operation in kinds]

    def told(self) -> list[str]:
        """Return the subjects of what SNS took, without what all of them begin with."""
        start = f"[prod] {NAME} {SERVICE}: "
        return [str(one.params["Subject"]).removeprefix(start) for one in self._of("Publish")]

    # Going back

    def save(self) -> dict[str, Any]:
        """Return all of the stage as it is now."""
        return {**super().save(), "backend": self.backend.state()}

    def go_back(self, saved: Any) -> None:
        """Be as the stage was when it was saved."""
        super().go_back(saved)
        self.backend.put_back(saved["backend"])
        self.database("available")
        self.healthy(db=True)
