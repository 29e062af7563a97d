"""What happens to the SaaS, told as AWS tells it: a lost database, a lock-out, another provider."""

from infra.environment import Environment
from rehearsal.aws.embedded import EmbeddedAws
from rehearsal.saas.saas import Saas
from rehearsal.saas.service import Service


class Troubles:
    """Breaks and mends one case's SaaS.

    Args:
        saas: what is broken.
        aws: where some of it is told.
        environment: names.
    """

    def __init__(self, saas: Saas, aws: EmbeddedAws, environment: Environment) -> None:
        self._saas = saas
        self._aws = aws
        self._environment = environment

    def fail_over(self) -> None:
        """Lose the database's primary, as RDS tells of it."""
        self._saas.database.kill()
        self._saas.managed.set_database("failing-over")
        self._saas.managed.database_event(
            "RDS-EVENT-0013", "failover", "Multi-AZ instance failover started."
        )

    def failed_over(self) -> None:
        """Have the database back."""
        self._saas.database.start()
        self._saas.managed.set_database("available")
        self._saas.managed.database_event(
            "RDS-EVENT-0049", "failover", "Multi-AZ instance failover completed."
        )

    def lose_database(self, status: str) -> None:
        """Have Postgres die, and RDS say why in its own way."""
        self._saas.database.kill()
        self._saas.managed.set_database(status)

    def lock_out(self) -> None:
        """Have the database refuse the application, while it is up."""
        self._saas.database.execute("ALTER ROLE saas NOLOGIN")
        self._saas.database.end_connections("saas")

    def use_provider(self, name: str) -> None:
        """Have the backend use another AI provider: the parameter, and new tasks that read it."""
        self._aws.client("ssm").put_parameter(
            Name=self._environment.ai.provider_parameter, Value=name, Overwrite=True
        )
        self._saas.backend.deploy(self._saas.backend.deployments[0].definition)

    def autoscale(self, service: Service, fewest: int, most: int) -> None:
        """Put a service under Application Auto Scaling, which asks moto whether the service is there."""
        target = service.target
        self._aws.client("ecs").create_service(
            cluster=target.cluster,
            serviceName=target.service,
            taskDefinition=service.deployments[0].definition,
            desiredCount=0,
        )
        self._aws.client("application-autoscaling").register_scalable_target(
            ServiceNamespace="ecs",
            ResourceId=f"service/{target.cluster}/{target.service}",
            ScalableDimension="ecs:service:DesiredCount",
            MinCapacity=fewest,
            MaxCapacity=most,
        )
