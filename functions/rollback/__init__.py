"""By hand: the runbook's rollbacks of backend, worker, database and front end. No alarm starts one."""
