"""ECS's calls about services, tasks and deployments: answered from the services that really run.

moto keeps clusters and task definitions; it knows no tasks of a service and has no service deployments.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.core.responses import ActionResult
from moto.ecs.models import ecs_backends
from moto.ecs.responses import EC2ContainerServiceResponse

from rehearsal.aws.shapes import conform
from rehearsal.saas.one_off import OneOff
from rehearsal.saas.service import Service
from rehearsal.saas.tasks import Deployment, Task

Answer = dict[str, Any]
_ACCEPTS = ("IN_PROGRESS", "PENDING")
"""Service deployments that can be stopped."""


def _refused(code: str, why: str) -> JsonRESTError:
    return JsonRESTError(code, why)


class EcsApi:
    """Answers for the services of one cluster.

    Args:
        services: all of them.
        one_off: runs tasks that belong to no service.
    """

    def __init__(self, services: Iterable[Service], one_off: OneOff) -> None:
        self.services = {one.target.service: one for one in services}
        self._one_off = one_off

    def install(self) -> None:
        """Answer in moto's place."""
        ours: Mapping[str, Callable[[Any], Answer]] = {
            "DescribeServices": self._describe_services,
            "UpdateService": self._update_service,
            "ListTasks": self._list_tasks,
            "DescribeTasks": self._describe_tasks,
            "ListServiceDeployments": self._list_service_deployments,
            "DescribeServiceDeployments": self._describe_service_deployments,
            "DescribeServiceRevisions": self._describe_service_revisions,
            "StopServiceDeployment": self._stop_service_deployment,
            "RunTask": self._run_task,
        }
        for operation, build in ours.items():
            setattr(EC2ContainerServiceResponse, _snake(operation), _method(operation, build))

    def _named(self, name: str) -> Service:
        found = self.services.get(name.rsplit("/", 1)[-1])
        if found is None:
            raise _refused("ServiceNotFoundException", "Service not found.")
        return found

    # -- services --------------------------------------------------------------------------------

    def _describe_services(self, response: Any) -> Answer:
        names = [one.rsplit("/", 1)[-1] for one in response._get_param("services", [])]
        return {
            "services": [shown(self.services[one]) for one in names if one in self.services],
            "failures": [
                {"arn": one, "reason": "MISSING"} for one in names if one not in self.services
            ],
        }

    def _update_service(self, response: Any) -> Answer:
        service = self._named(response._get_param("service"))
        definition = response._get_param("taskDefinition")
        desired = response._get_param("desiredCount")
        if definition and not service.describe(definition).active:
            raise _refused("ClientException", "TaskDefinition is inactive")
        if desired is not None:
            service.desired = int(desired)
        if definition or response._get_param("forceNewDeployment"):
            now = service.deployments[0].definition
            service.deploy(service.describe(definition).arn if definition else now)
        return {"service": shown(service)}

    # -- tasks -----------------------------------------------------------------------------------

    def _list_tasks(self, response: Any) -> Answer:
        stopped = response._get_param("desiredStatus") == "STOPPED"
        name, family = response._get_param("serviceName"), response._get_param("family")
        chosen = [self._named(name)] if name else list(self.services.values())
        tasks = [task for one in chosen for task in one.tasks()]
        tasks += [] if name else self._one_off.tasks()
        return {
            "taskArns": [
                one.arn
                for one in tasks
                if bool(one.stopped_at or one.stopping_since) == stopped
                and (not family or f"/{family}:" in one.definition)
            ]
        }

    def _describe_tasks(self, response: Any) -> Answer:
        wanted = response._get_param("tasks", [])
        known = {
            task.arn: _task(task, service)
            for service in self.services.values()
            for task in service.tasks()
        } | {task.arn: self._one_off.shown(task) for task in self._one_off.tasks()}
        known |= {arn.rsplit("/", 1)[-1]: one for arn, one in known.items()}
        return {
            "tasks": [known[one] for one in wanted if one in known],
            "failures": [{"arn": one, "reason": "MISSING"} for one in wanted if one not in known],
        }

    def _run_task(self, response: Any) -> Answer:
        tasks = self._one_off.run(
            response._get_param("taskDefinition"),
            response._get_param("overrides", {}),
            response._get_param("clientToken", ""),
            response._get_param("startedBy", ""),
        )
        return {"tasks": [self._one_off.shown(one) for one in tasks], "failures": []}

    # -- service deployments ---------------------------------------------------------------------

    def _list_service_deployments(self, response: Any) -> Answer:
        service = self._named(response._get_param("service"))
        wanted = response._get_param("status")
        most = int(response._get_param("maxResults") or 20)
        found = [one for one in service.history if not wanted or one.record in wanted]
        return {"serviceDeployments": [_brief(service, one) for one in found[:most]]}

    def _describe_service_deployments(self, response: Any) -> Answer:
        wanted = response._get_param("serviceDeploymentArns", [])
        return {"serviceDeployments": [_full(*self._deployment(one)) for one in wanted]}

    def _deployment(self, arn: str) -> tuple[Service, Deployment]:
        for service in self.services.values():
            for one in service.history:
                if deployment_arn(service, one) == arn:
                    return service, one
        raise _refused("ServiceDeploymentNotFoundException", "Service deployment not found.")

    def _describe_service_revisions(self, response: Any) -> Answer:
        wanted = set(response._get_param("serviceRevisionArns", []))
        return {
            "serviceRevisions": [
                _revision(service, one)
                for service in self.services.values()
                for one in service.history
                if revision_arn(service, one) in wanted
            ],
            "failures": [],
        }

    def _stop_service_deployment(self, response: Any) -> Answer:
        arn = response._get_param("serviceDeploymentArn")
        service, one = self._deployment(arn)
        if response._get_param("stopType") not in (None, "ROLLBACK"):
            raise NotImplementedError("StopServiceDeployment: only ROLLBACK is rehearsed")
        if one.record not in _ACCEPTS:
            raise _refused("ConflictException", f"The deployment is {one.record}.")
        service.roll_back(one.number)
        return {"serviceDeploymentArn": arn}


def roles_of_families(account: str, region: str) -> dict[str, list[str]]:
    """Return the roles that go with a task of each family, as its task definitions name them."""
    found: dict[str, set[str]] = {}
    for one in ecs_backends[account][region].task_definitions.values():
        for definition in one.values():
            named = (
                getattr(definition, role, None) for role in ("task_role_arn", "execution_role_arn")
            )
            roles = [role for role in named if role]  # moto leaves out those that are not given
            found.setdefault(definition.family, set()).update(roles)
    return {family: sorted(roles) for family, roles in found.items()}


def _snake(operation: str) -> str:
    return "".join(f"_{one.lower()}" if one.isupper() else one for one in operation).lstrip("_")


def _method(operation: str, build: Callable[[Any], Answer]) -> Callable[[Any], ActionResult]:
    return lambda response: ActionResult(conform("ecs", operation, build(response)))


# -- shapes --------------------------------------------------------------------------------------


def deployment_arn(service: Service, one: Deployment) -> str:
    """Return the ARN of a service deployment."""
    target = service.target
    return target.arn(f"service-deployment/{target.cluster}/{target.service}/{one.number:019}")


def revision_arn(service: Service, one: Deployment) -> str:
    """Return the ARN of what a service deployment runs."""
    target = service.target
    return target.arn(f"service-revision/{target.cluster}/{target.service}/{one.number:019}")


def shown(service: Service) -> Answer:
    """Return a service as DescribeServices shows it."""
    up = [task for deployment in service.deployments for task in deployment.up()]
    running = sum(task.running for task in up)
    target = service.target
    return {
        "serviceArn": target.service_arn,
        "serviceName": target.service,
        "clusterArn": target.cluster_arn,
        "status": "ACTIVE",
        "desiredCount": service.desired,
        "runningCount": running,
        "pendingCount": len(up) - running,
        "launchType": "FARGATE",
        "taskDefinition": service.deployments[0].definition,
        "deploymentController": {"type": "ECS"},
        "deploymentConfiguration": {
            "strategy": "ROLLING",
            "maximumPercent": 200,
            "minimumHealthyPercent": 100,
        },
        "deployments": [
            {
                "id": one.id,
                "status": "ACTIVE" if index else "PRIMARY",
                "taskDefinition": one.definition,
                "desiredCount": 0 if index else service.desired,
                "runningCount": sum(task.running for task in one.up()),
                "pendingCount": sum(not task.running for task in one.up()),
                "failedTasks": one.failed,
                "createdAt": one.created_at,
                "updatedAt": one.updated_at,
                "rolloutState": one.state,
            }
            for index, one in enumerate(service.deployments)
        ],
    }


def _task(one: Task, service: Service) -> Answer:
    return {
        **one.shape(service.target),
        "startedBy": one.deployment,
        "group": f"service:{service.target.service}",
    }


def _brief(service: Service, one: Deployment) -> Answer:
    times: dict[str, datetime] = {"createdAt": one.created_at, "startedAt": one.created_at}
    if one.finished_at:
        times["finishedAt"] = one.finished_at
    return {
        "serviceDeploymentArn": deployment_arn(service, one),
        "serviceArn": service.target.service_arn,
        "clusterArn": service.target.cluster_arn,
        "targetServiceRevisionArn": revision_arn(service, one),
        "status": one.record,
        **times,
    }


def _full(service: Service, one: Deployment) -> Answer:
    brief = _brief(service, one)
    arn = brief.pop("targetServiceRevisionArn")
    return {**brief, "targetServiceRevision": {"arn": arn}}


def _revision(service: Service, one: Deployment) -> Answer:
    image = service.describe(one.definition).image
    name = service.target.container
    return {
        "serviceRevisionArn": revision_arn(service, one),
        "serviceArn": service.target.service_arn,
        "clusterArn": service.target.cluster_arn,
        "taskDefinition": one.definition,
        "launchType": "FARGATE",
        "containerImages": [{"containerName": name, "imageDigest": one.digest, "image": image}],
        "createdAt": one.created_at,
    }
