"""Settings as the stack of ``environments/prod.toml`` writes them, as far as every function needs them."""

from runbook.settings import Common

COMMON = Common(
    environment="prod",
    account="111122223333",
    region="me-south-1",
    table="nightshift-prod",
    pages_topic="arn:aws:sns:me-south-1:111122223333:nightshift-prod-pages",
    updates_topic="arn:aws:sns:me-south-1:111122223333:nightshift-prod-updates",
    dead_letters="https://sqs.me-south-1.amazonaws.com/111122223333/nightshift-prod-dead-letters",
)
