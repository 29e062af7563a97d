"""The team's deployment pipeline: pushes images, registers revisions."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from moto.ecs.models import ecs_backends

from infra.environment import Environment
from rehearsal.saas.service import Service
from rehearsal.saas.tasks import Definition, definition_of

IMAGE_MEDIA = "application/vnd.docker.distribution.manifest.v2+json"


class Pipeline:
    """Makes versions of the services.

    Args:
        environment: names.
        client: makes a client of the embedded AWS.
        memory_mib: of the tasks of each kind of service.
    """

    def __init__(
        self,
        environment: Environment,
        client: Callable[[str], Any],
        memory_mib: Mapping[str, int],
    ) -> None:
        self._environment = environment
        self._client = client
        self._memory_mib = memory_mib

    def push_image(self, service: Service, tag: str, content: str = "first build") -> None:
        """Push an image under a tag."""
        manifest = {
            "schemaVersion": 2,
            "mediaType": IMAGE_MEDIA,
            "config": {"content": f"{service.program.kind} {tag} {content}"},
        }
        self._client("ecr").put_image(
            repositoryName=service.target.repository,
            imageManifest=json.dumps(manifest),
            imageTag=tag,
        )

    def new_revision(self, service: Service, tag: str, **variables: str) -> str:
        """Register a revision of a service's task definition; return its ARN.

        Args:
            service: whose.
            tag: of its image, which must have been pushed.
            variables: environment variables of the container.
        """
        place, target = self._environment, service.target
        registry = f"{place.account}.dkr.ecr.{place.region}.amazonaws.com"
        role = f"arn:aws:iam::{place.account}:role/{target.service}"
        answer = self._client("ecs").register_task_definition(
            family=target.service,
            cpu="256",
            memory=str(self._memory_mib[service.program.kind]),
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            taskRoleArn=f"{role}-task",
            executionRoleArn=f"{role}-execution",
            containerDefinitions=[
                {
                    "name": target.container,
                    "image": f"{registry}/{target.repository}:{tag}",
                    "essential": True,
                    "environment": [
                        {"name": name, "value": value} for name, value in variables.items()
                    ],
                }
            ],
        )
        arn: str = answer["taskDefinition"]["taskDefinitionArn"]
        return arn

    def new_migrations(self, tag: str, stream_prefix: str) -> str:
        """Push an image of the migrations and register a revision that runs it; return its ARN."""
        place, named = self._environment, self._environment.migrations
        client = self._client("ecr")
        client.create_repository(repositoryName=named.task_family)
        manifest = {"schemaVersion": 2, "mediaType": IMAGE_MEDIA, "config": {"content": tag}}
        client.put_image(
            repositoryName=named.task_family, imageManifest=json.dumps(manifest), imageTag=tag
        )
        registry = f"{place.account}.dkr.ecr.{place.region}.amazonaws.com"
        options = {
            "awslogs-group": named.log_group,
            "awslogs-region": place.region,
            "awslogs-stream-prefix": stream_prefix,
        }
        answer = self._client("ecs").register_task_definition(
            family=named.task_family,
            cpu="256",
            memory="512",
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            taskRoleArn=place.role(named.task_role),
            executionRoleArn=place.role(named.execution_role),
            containerDefinitions=[
                {
                    "name": named.container,
                    "image": f"{registry}/{named.task_family}:{tag}",
                    "essential": True,
                    "logConfiguration": {"logDriver": "awslogs", "options": options},
                }
            ],
        )
        arn: str = answer["taskDefinition"]["taskDefinitionArn"]
        return arn

    def describe(self, container: str) -> Callable[[str], Definition]:
        """Return what describes revisions, as far as their tasks on this machine need it."""
        place = self._environment
        backend = ecs_backends[place.account][place.region]
        return lambda name: definition_of(backend.describe_task_definition(name), container)

    def digest(self, image: str) -> str:
        """Return what an image's tag means now."""
        repository, tag = image.rsplit("/", 1)[-1].split(":")
        answer = self._client("ecr").describe_images(
            repositoryName=repository, imageIds=[{"imageTag": tag}]
        )
        digest: str = answer["imageDetails"][0]["imageDigest"]
        return digest
