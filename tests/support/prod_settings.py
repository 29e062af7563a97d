"""Settings as the stack of ``environments/prod.toml`` writes them: everybody's, and the worker's."""

from runbook.settings import Common
from worker_stuck.settings import Settings

COMMON = Common(
    environment="prod",
    account="111122223333",
    region="me-south-1",
    table="nightshift-prod",
    pages_topic="arn:aws:sns:me-south-1:111122223333:nightshift-prod-pages",
    updates_topic="arn:aws:sns:me-south-1:111122223333:nightshift-prod-updates",
    dead_letters="https://sqs.me-south-1.amazonaws.com/111122223333/nightshift-prod-dead-letters",
)
WORKER = Settings(
    **vars(COMMON),
    switch_parameter="/nightshift/prod/switch",
    mode_parameters={"redeploy_worker": "/nightshift/prod/modes/redeploy_worker"},
    alarms=["a"],
    targets={"worker_stuck": "saas-worker", "redis_unavailable": "saas-redis"},
    cluster="saas-prod",
    service="saas-worker",
    task_family="saas-worker-family",
    container="worker",
    log_group="/prod/worker",
    repository="saas-worker",
    queue="celery",
    queue_depth_alarm=100,
    concurrency=4,
    prefetch=1,
)
