"""The target: real Redis, real Celery workers, and a service scheduler that starts and stops them."""
