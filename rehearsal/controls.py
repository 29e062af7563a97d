"""The controls: each breaks Nightshift at one place and must turn its case red, or the judge is of no use."""

from rehearsal.sabotage import (
    Control,
    code,
    keys_for_cloudwatch_only,
    no_redis_package,
    rules_off,
    template,
    twin_mute,
    without,
)

_NO_OP = """answer = {
            "service": self.aws.reader("ecs").describe_services(
                cluster=self.cluster, services=[self.service]
            )["services"][0],
            "ResponseMetadata": {},
        }"""
_UPDATE = """answer = self.aws.fixer("ecs").update_service(
            cluster=self.cluster, service=self.service, forceNewDeployment=True
        )"""

CONTROLS: dict[str, tuple[Control, ...]] = {
    "backend_5xx": (
        Control(
            "out_of_memory", "ecs:RegisterTaskDefinition cut",
            "denied by IAM: ecs:RegisterTaskDefinition",
            template(without("ecs:RegisterTaskDefinition")),
        ),
        Control(
            "bad_deployment", "no deployment is fresh", "changed: []",
            code("backend_5xx/signs.py", "return young", "return False"),
        ),
        Control(
            "proposed", "mode ignored", "changed: ['deploy saas-backend:1 to saas-backend']",
            code(
                "runbook/gate.py",
                "or (None if by_hand or undo else self._mode(fix, live))",
                "or None",
            ),
        ),
        Control(
            "bad_rollout", "ecs:StopServiceDeployment cut",
            "denied by IAM: ecs:StopServiceDeployment",
            template(without("ecs:StopServiceDeployment")),
        ),
        Control(
            "crash_loop", "a crash loop is nobody's", "no page says 'crash-loops, and no fresh",
            code("backend_5xx/decide.py", "if ends.crash_loop:\n        why =", "if None:\n        why ="),
        ),
        Control(
            "database_at_fault", "nothing is handed over", "no record says 'the database is at fault'",
            code(
                "backend_5xx/decide.py",
                "return HandOver(fault.scenario, commands.database, why)",
                "return None",
            ),
        ),
        Control(
            "wrong_password", "db: error is no sign", "changed: []",
            code(
                "backend_5xx/decide.py",
                "or ends.memory(limits) or signs.database(facts, limits)):",
                "or ends.memory(limits)):",
            ),
        ),
        Control(
            "unreachable", "nobody looks from outside", "no page says 'from outside the backend has not",
            code("backend_5xx/decide.py", "    _outside,\n    _memory,", "    _memory,"),
        ),
    ),
    "db_connections": (
        Control(
            "leaking_tasks", "ecs:UpdateService cut", "denied by IAM: ecs:UpdateService",
            template(without("ecs:UpdateService")),
        ),
        Control(
            "leak_elsewhere", "ECS's answer is the verdict", "no page says 'the leak is elsewhere'",
            code(
                "db_connections/decide.py",
                "if 100 * most / limits.connections < limits.full_percent:\n        why =",
                "if most:\n        why =",
            ),
        ),
        Control(
            "nobody_suffers", "users are not asked", "changed: ['scale saas-backend to 2'",
            code(
                "db_connections/decide.py", "return rate >= limits.error_percent", "return True"
            ),
        ),
        Control(
            "autoscaling_fights", "autoscaling is not asked", "changed: ['scale saas-worker to 3'",
            code("runbook/fixes/scale.py", "fights = tier.scaling.fights(to)", 'fights = ""'),
        ),
        Control(
            "engineer_scales", "the count is not compared", "counts ended as {",
            code(
                "runbook/fixes/scale.py", 'if now.desired != ours.left.get("desired"):', "if None:"
            ),
        ),
    ),
    "db_unavailable": (
        Control(
            "failover", "a failover is a failure", "paged without need: [",
            code("db_unavailable/decide.py", '{"failing-over", "maintenance",', '{"maintenance",'),
        ),
        Control(
            "storage_full", "storage-full is in no list",
            "no page says 'storage-full' and 'modify-db-instance'",
            code("db_unavailable/decide.py", '        "storage-full",\n', ""),
        ),
        Control(
            "not_reconnecting", "waits for good", "no page says 'it does not reconnect'",
            code(
                "db_unavailable/decide.py",
                "if waited < timedelta(minutes=limits.reconnect_minutes):",
                "if waited:",
            ),
        ),
        Control(
            "unlisted_state", "what is unlisted counts as up",
            "no page says 'restoring-flux' and 'in no list of ours'",
            code(
                "db_unavailable/decide.py",
                'return Escalate(f"{name}: this status is in no list of ours", commands.look)',
                "return None",
            ),
        ),
    ),
    "redis_unavailable": (
        Control(
            "failover_with_loss", "fix is a no-op", "changed: []",
            code(
                "runbook/fixes/reconcile.py",
                "reply = http.post(self.url, token=token)",
                'reply = http.Reply(202, "{}")',
            ),
        ),
        Control(
            "restart_unseen", "a restart is no loss", "changed: []",
            code(
                "redis_unavailable/decide.py",
                "if now.value != before.value]",
                "if now.value is before]",
            ),
        ),
        Control(
            "workers_stuck", "workers not asked", "no record says 'waits until workers consume'",
            code("redis_unavailable/decide.py", "    if works:\n", "    if works is not None:\n"),
        ),
        Control(
            "token_expired", "401 is an answer like any",
            "no page says 'prod/super-admin-token' and 'is not accepted'",
            code(
                "runbook/fixes/reconcile.py",
                "REFUSED = frozenset({401, 403})",
                "REFUSED: frozenset[int] = frozenset()",
            ),
        ),
    ),
    "ai_provider_outage": (
        Control(
            "short_outage", "no outage is short", "changed: ['set /prod/ai/provider",
            code(
                "ai_provider_outage/decide.py",
                "if waited < minutes(limits.prolonged_minutes):",
                "if None:",
            ),
        ),
        Control(
            "long_outage", "ssm:PutParameter cut", "denied by IAM: ssm:PutParameter",
            template(without("ssm:PutParameter")),
        ),
        Control(
            "switch_does_not_help", "SSM's answer is the verdict", "no page says 'did not help",
            code(
                "ai_provider_outage/decide.py",
                "if max(rates) < limits.error_percent:\n        why =",
                "if rates:\n        why =",
            ),
        ),
        Control(
            "no_alternate", "any provider is an alternate", "no page says 'openai is out' and 'there is no",
            code(
                "ai_provider_outage/decide.py",
                "if commands.alternate == provider.value:",
                "if None:",
            ),
        ),
        Control(
            "page_is_green", "green pages are not believed", "no page says 'admits no outage'",
            code(
                "ai_provider_outage/decide.py",
                "if not page.green:\n        return None",
                "if page:\n        return None",
            ),
        ),
    ),
    "rollback": (
        Control(
            "backend", "ecs:UpdateService cut", "denied by IAM: ecs:UpdateService",
            template(without("ecs:UpdateService")),
        ),
        Control(
            "worker", "what was named is not heard",
            "changed: ['deploy saas-worker:1 to saas-worker']",
            code(
                "rollback/services_wiring.py",
                "return RollbackTo(**told, to=wish.to) if wish and wish.to else Rollback(**told)",
                "return Rollback(**told)",
            ),
        ),
        Control(
            "frontend", "fix is a no-op", "changed: []",
            code(
                "runbook/fixes/frontend.py",
                "reply = http.post(self._url(to), token=token)",
                'reply = http.Reply(201, "")',
            ),
        ),
        Control(
            "frontend", "a dry run is a real one", "the expected end did not come in time",
            code("rollback/answer.py", "if request.dry_run:", "if None:"),
        ),
        Control(
            "database", "iam:PassRole cut", "denied by IAM: iam:PassRole",
            template(without("iam:PassRole")),
        ),
        Control(
            "database", "goes back to the very beginning",
            "changed: ['ask alembic in a task of saas-migrate', 'run alembic downgrade to base",
            code(
                "runbook/fixes/downgrade.py",
                'before, to = str(attempt.prior["from"]), str(attempt.prior["to"])',
                'before, to = str(attempt.prior["from"]), "base"',
            ),
        ),
    ),
    "triage": (
        Control(
            "foreign_alarm", "rules disabled", "no page says 'There is no scenario",
            template(rules_off),
        ),
        Control(
            "diagnose", "the report is not sent", "no update says 'by hand: is it me",
            code(
                "diagnose/answer.py",
                'sent = self._send(head, sections) if request.send else "no"',
                'sent = "no"',
            ),
        ),
        Control(
            "diagnose", "a section is left out", r"no update says ' Snapshot succeeded\nalarms",
            code("runbook/sources.py", '        "alarms": partial(', '        "bells": partial('),
        ),
        Control(
            "diagnose", "one service is not asked", "an update says 'unknown:'",
            code("runbook/sources.py", "(rds.line(rds.instance(client, name)),)", "(name[999],)"),
        ),
        Control(
            "diagnose_blind", "a source that fails hides the others", "no update says 'backend stopped",
            code(
                "runbook/report.py", "return {name: answers[name] for name in asked}",
                "return max(({one: answers[one]} for one in asked), key=lambda one: 'unknown:' in str(one))",
            ),
        ),
    ),
    "worker_stuck": (
        Control("frozen", "rules disabled", "0 redeploys reached ECS", template(rules_off)),
        Control(
            "frozen",
            "ecs:UpdateService cut",
            "denied by IAM: ecs:UpdateService",
            template(without("ecs:UpdateService")),
        ),
        Control(
            "frozen",
            "fix is a no-op",
            "0 redeploys reached ECS",
            code("runbook/fixes/redeploy.py", _UPDATE, _NO_OP),
        ),
        Control(
            "frozen",
            "probe is mute",
            "the alarm ended as INSUFFICIENT_DATA",
            code("redis_probe/handler.py", "metrics.emit(reading.by_queue()", "metrics.emit({}"),
        ),
        Control("frozen", "redis not in the asset", "redis-probe-errors", no_redis_package),
        Control(
            "crash_loop",
            "sns:Publish cut",
            "denied by IAM: sns:Publish",
            template(without("sns:Publish")),
        ),
        Control(
            "backlog",
            "busy workers not asked",
            "1 redeploys reached ECS, expected 0",
            code("worker_stuck/decide.py", "    _draining,\n    _fresh,", "    _fresh,"),
        ),
        Control(
            "frozen_again",
            "ECS's answer is the verdict",
            "no page says 'did not help'",
            code("worker_stuck/decide.py", "if falls > held or empty:", "if True:"),
        ),
        Control(
            "observe",
            "mode ignored",
            "1 redeploys reached ECS, expected 0",
            code(
                "runbook/gate.py",
                "or (None if by_hand or undo else self._mode(fix, live))",
                "or None",
            ),
        ),
        Control(
            "switched_off",
            "switch ignored",
            "1 redeploys reached ECS, expected 0",
            code("runbook/gate.py", "self._switch(live)\n            or", "None\n            or"),
        ),
        Control(
            "switched_off",
            "the topics' keys trust CloudWatch only",
            "denied by IAM: kms:",
            template(keys_for_cloudwatch_only),
        ),
        Control(
            "engineer_deploys",
            "target not re-read",
            "1 redeploys reached ECS, expected 0",
            code("runbook/gate.py", "or fix.refuse(facts, answers)", "or None"),
        ),
        Control(
            "dies_midway",
            "intent forgotten",
            "no update says 'redeploy applied'",
            code("runbook/held.py", "if self._incident.unanswered:", "if None:"),
        ),
        Control(
            "dies_midway",
            "no intent, no cooldown",
            "2 redeploys reached ECS, expected 1",
            code(
                "runbook/held.py",
                "if self._intend(incident, attempt, taken, now) is not None:",
                "self._incident = incident\n        if None:",
            ),
        ),
        Control(
            "nightshift_dead",
            "slow twin mute",
            "no message on the second path says 'second-path/queue-depth'",
            template(twin_mute),
        ),
    )
}  # fmt: skip
