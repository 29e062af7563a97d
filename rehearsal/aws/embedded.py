"""The embedded AWS of one case: deploys the synthesized template, then lives minute by minute.

``tick`` is called often, in real time; it does what is due by the virtual clock: schedules, alarms,
asynchronous invocations.
"""

import json
import os
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import boto3
from moto.awslambda.models import lambda_backends
from moto.awslambda.responses import LambdaResponse
from moto.cloudwatch.models import cloudwatch_backends
from moto.iam.models import iam_backends
from moto.sqs.models import sqs_backends

from rehearsal.aws import alarms, cloudformation, iam, patterns
from rehearsal.aws.async_queue import AsyncQueue
from rehearsal.aws.bus import Bus
from rehearsal.aws.lambdas import Answer, Deployed, Functions, new_request_id
from rehearsal.aws.server import Hook, Server, make_dynamodb_atomic
from rehearsal.aws.topics import Topics
from rehearsal.clock import SharedClock
from rehearsal.journal import Journal
from rehearsal.processes import Processes

MINUTE = timedelta(minutes=1)
WARM_UP = timedelta(minutes=3)
"""Before the first evaluation of alarms: those that count silence as bad need something to hear."""


class EmbeddedAws:
    """One account and region on this machine.

    Args:
        folder: the case's folder; assets are unpacked in it, evidence is written to it.
        clock: the shared clock; this process must wear it.
        journal: the case's evidence.
        processes: starts the functions.
        account: 12 digits.
        region: for example ``me-south-1``.
    """

    def __init__(
        self,
        folder: Path,
        clock: SharedClock,
        journal: Journal,
        processes: Processes,
        account: str,
        region: str,
    ) -> None:
        os.environ.update(
            MOTO_ACCOUNT_ID=account,
            AWS_ACCESS_KEY_ID="driver",
            AWS_SECRET_ACCESS_KEY="driver",
            AWS_EC2_METADATA_DISABLED="true",
        )
        make_dynamodb_atomic()
        self._folder = folder
        self._clock = clock
        self._journal = journal
        self.place = iam.Place(region, account)
        self._server = Server(journal, self._whose)
        self.endpoint = self._server.endpoint
        self.functions = Functions(
            folder, clock, processes, self.endpoint, self._guard({}), self._line
        )
        self.queue = AsyncQueue(self.functions, journal, self._count_lambda, self._on_failure)
        self.bus = Bus(
            self.place, clock, journal, self.queue, self._put_dead_letter, self._count_rule
        )
        self._answer_invokes()
        self.topics = Topics(self.place, journal)
        self.messages = self.topics.messages
        self._next_minute = clock.now()
        self._letters: dict[str, float] = {}
        self._first_alarms: datetime | None = None

    def _whose(self, access_key: str) -> str:
        return self.functions.by_key(access_key)

    def _answer_invokes(self) -> None:
        """Have a direct Invoke run the deployed function, whoever makes it; moto would only echo."""
        ours = self

        def invoke(response: Any) -> tuple[int, dict[str, str], bytes]:
            name = unquote(response.path.rsplit("/", 2)[-2]).rsplit(":", 1)[-1]
            answer = ours.invoke(name, json.loads(response.body or "{}"))
            headers = {} if answer.ok else {"x-amz-function-error": "Unhandled"}
            return 200, headers, json.dumps(answer.payload).encode()

        LambdaResponse.invoke = invoke

    def invoke(self, name: str, event: Any) -> Answer:
        """Call a function and wait for its answer, as a person or another function does."""
        request_id = new_request_id()
        answer = self.functions.invoke(name, event, request_id)
        self._count_lambda(name, "Invocations")
        if not answer.ok:
            self._count_lambda(name, "Errors")
        self._journal.write(
            "invocations",
            function=name,
            event_id="",
            request_id=request_id,
            kind="direct",
            rule="",
            attempt=1,
            ok=answer.ok,
            error=answer.error,
            duration_ms=round(answer.milliseconds, 1),
            answer=answer.payload,
        )
        return answer

    def client(self, service: str) -> Any:
        """Return a client for the rehearsal itself: not guarded, ``driver`` in the log."""
        return boto3.client(service, endpoint_url=self.endpoint, region_name=self.place.region)

    def add_hook(self, hook: Hook) -> None:
        """Have every call shown to ``hook``, before and after it takes effect."""
        self._server.hooks.append(hook)

    def _guard(self, topic_keys: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "region": self.place.region,
            "account": self.place.account,
            "topic_keys": dict(topic_keys),
            "journal": str(self._folder / "guard.jsonl"),
        }

    def deploy(self, assembly: Path) -> None:
        """Deploy the synthesized template with its real assets.

        Raises:
            UnsupportedTypeError: a type would silently be ignored.
            RuntimeError: the stack was not created.
        """
        path = next(assembly.glob("*.template.json"))
        template = json.loads(path.read_text(encoding="utf-8"))
        cloudformation.check(template)
        self._upload(assembly)
        client = self.client("cloudformation")
        client.create_stack(
            StackName=path.name.split(".")[0],
            TemplateBody=json.dumps(template),
            Capabilities=["CAPABILITY_NAMED_IAM"],
        )
        stack = client.describe_stacks()["Stacks"][0]
        if stack["StackStatus"] != "CREATE_COMPLETE":
            raise RuntimeError(
                f"the stack is {stack['StackStatus']}: {stack.get('StackStatusReason')}"
            )
        self._deploy_functions(_log_groups(template))
        self.topics.subscribe(self.client)
        self._next_minute = self._clock.now().replace(second=0, microsecond=0) + MINUTE

    def watch(self) -> None:
        """Begin to evaluate alarms: what they measure is there, and has been heard of."""
        self._first_alarms = self._clock.now() + WARM_UP

    def _upload(self, assembly: Path) -> None:
        s3 = self.client("s3")
        manifest = json.loads(next(assembly.glob("*.assets.json")).read_text(encoding="utf-8"))
        for asset in manifest["files"].values():
            for destination in asset["destinations"].values():
                bucket = destination["bucketName"]
                if bucket not in [one["Name"] for one in s3.list_buckets()["Buckets"]]:
                    s3.create_bucket(
                        Bucket=bucket,
                        CreateBucketConfiguration={"LocationConstraint": self.place.region},
                    )
                if asset["source"]["packaging"] != "zip":
                    continue
                source = assembly / asset["source"]["path"]
                archive = shutil.make_archive(
                    str(self._folder / "assets" / source.name), "zip", source
                )
                s3.put_object(
                    Bucket=bucket, Key=destination["objectKey"], Body=Path(archive).read_bytes()
                )

    def _deploy_functions(self, log_groups: Mapping[str, str]) -> None:
        self.functions._guard.update(self._guard(self.topics.keys()))
        backend = lambda_backends[self.place.account][self.place.region]
        for index, function in enumerate(backend.list_functions()):
            code = self._folder / "code" / function.function_name
            archive = self._folder / "code" / f"{function.function_name}.zip"
            archive.parent.mkdir(exist_ok=True)
            archive.write_bytes(self._object(function.code["S3Bucket"], function.code["S3Key"]))
            shutil.unpack_archive(archive, code)
            self.functions.deploy(
                Deployed(
                    name=function.function_name,
                    code=code,
                    handler=str(function.handler),
                    environment=function.environment_vars,
                    timeout=float(function.timeout),
                    memory_mib=int(function.memory_size),
                    role=function.role,
                    policies=self._policies(function.role),
                    log_group=log_groups[function.function_name],
                    access_key=f"AKIA{index:016}",
                )
            )

    def _object(self, bucket: str, key: str) -> bytes:
        body: bytes = self.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
        return body

    def _policies(self, role_arn: str) -> list[Any]:
        backend = iam_backends[self.place.account]["aws"]
        role = backend.get_role(role_arn.rsplit("/", 1)[-1])
        found = [json.loads(one) if isinstance(one, str) else one for one in role.policies.values()]
        if role.managed_policies:
            raise NotImplementedError(f"{role_arn} has managed policies: they are not rehearsed")
        return found

    # -- metrics and logs ---------------------------------------------------------------------

    def put_metric(
        self, namespace: str, name: str, dimensions: Mapping[str, str], value: float, at: datetime
    ) -> None:
        """Put one datapoint, stamped with a virtual moment."""
        cloudwatch_backends[self.place.account][self.place.region].put_metric_data(
            namespace,
            [
                {
                    "MetricName": name,
                    "Value": value,
                    "Timestamp": at.astimezone(UTC).replace(tzinfo=None),  # moto's are naive
                    "Dimensions": [
                        {"Name": key, "Value": text} for key, text in dimensions.items()
                    ],
                }
            ],
        )

    def put_log(self, group: str, stream: str, message: str, at: datetime) -> None:
        """Put one log line, stamped with a virtual moment."""
        from moto.logs.models import logs_backends  # noqa: PLC0415  # moto loads it late too

        backend = logs_backends[self.place.account][self.place.region]
        if group not in backend.groups:
            backend.create_log_group(group, {})
        if stream not in backend.groups[group].streams:
            backend.create_log_stream(group, stream)
        backend.groups[group].streams[stream].put_log_events(
            [{"timestamp": int(at.timestamp() * 1000), "message": message}]
        )
        for one in cloudformation.FILTERS:
            if one["group"] == group and patterns.matches(one["pattern"], message):
                self.put_metric(one["namespace"], one["metric"], {}, 1, at)

    def _line(self, deployed: Deployed, line: str) -> None:
        """Take a line that a function wrote: to its log group if its role may, and into the metrics."""
        # AWS's ARN of a log group ends with ":*"; moto's Fn::GetAtt leaves that out.
        arn = self.place.arn("logs", f"log-group:{deployed.log_group}")
        forms = [iam.Demand("logs:PutLogEvents", one) for one in (arn, f"{arn}:*")]
        if not any(iam.allowed(deployed.policies, one) for one in forms):
            self._journal.write(
                "deliveries", to=deployed.log_group, why="the role may not write logs"
            )
            return
        self.put_log(deployed.log_group, "rehearsal", line, self._clock.now())
        if '"_aws"' not in line:
            return
        found = json.loads(line)
        at = datetime.fromtimestamp(found["_aws"]["Timestamp"] / 1000, UTC)
        for block in found["_aws"]["CloudWatchMetrics"]:
            for names in block["Dimensions"]:
                dimensions = {name: str(found[name]) for name in names}
                for metric in block["Metrics"]:
                    value = found[metric["Name"]]
                    for one in value if isinstance(value, list) else [value]:
                        self.put_metric(block["Namespace"], metric["Name"], dimensions, one, at)

    def _count_lambda(self, function: str, metric: str) -> None:
        self.put_metric("AWS/Lambda", metric, {"FunctionName": function}, 1, self._clock.now())

    def _count_rule(self, rule: str, metric: str) -> None:
        self.put_metric("AWS/Events", metric, {"RuleName": rule}, 1, self._clock.now())

    # -- dead letters -------------------------------------------------------------------------

    def _on_failure(self, function: str, queue: str, body: str) -> None:
        policies = self.functions.get(function).policies
        may = iam.allowed(policies, iam.Demand("sqs:SendMessage", queue))
        self._journal.write(
            "deliveries", to=queue, function=function, why="" if may else "the role may not send"
        )
        if may:
            self._put_dead_letter(queue, body)

    def _put_dead_letter(self, queue: str, body: str) -> None:
        self.client("sqs").send_message(QueueUrl=self._queue_url(queue), MessageBody=body)

    def _queue_url(self, arn: str) -> str:
        name = arn.rsplit(":", 1)[-1]
        url: str = self.client("sqs").get_queue_url(QueueName=name)["QueueUrl"]
        return url

    def dead_letters(self) -> list[Any]:
        """Return what is in the dead letters."""
        backend = sqs_backends[self.place.account][self.place.region]
        queues = [one for name, one in backend.queues.items() if name.endswith("-dead-letters")]
        return [json.loads(message.body) for queue in queues for message in queue.messages]

    # -- living -------------------------------------------------------------------------------

    def tick(self) -> None:
        """Do what is due by the virtual clock."""
        now = self._clock.now()
        while self._next_minute <= now:
            with self._clock.paused():
                self._minute(self._next_minute)
            self._next_minute += MINUTE
        self.queue.run(now)
        self.topics.read()

    def _minute(self, minute: datetime) -> None:
        self.bus.fire_schedules()
        self.queue.run(self._clock.now())
        for name, queue in sqs_backends[self.place.account][self.place.region].queues.items():
            if name.endswith("-dead-letters"):
                count = float(len(queue.messages))
                new = count - self._letters.get(name, 0.0)  # nobody takes one out during a case
                self._letters[name] = count
                dimensions = {"QueueName": name}
                visible, sent = "ApproximateNumberOfMessagesVisible", "NumberOfMessagesSent"
                self.put_metric("AWS/SQS", visible, dimensions, count, minute)
                self.put_metric("AWS/SQS", sent, dimensions, new, minute)
        if self._first_alarms and minute >= self._first_alarms:
            self._evaluate(minute)

    def _evaluate(self, now: datetime) -> None:
        backend = cloudwatch_backends[self.place.account][self.place.region]
        metrics = alarms.by_metric(list(backend.metric_data))
        for alarm in list(backend.alarms.values()):
            queries = cloudformation.EXPRESSIONS.get(alarm.name, ())
            points = alarms.window(alarm, metrics, now, queries)
            state = alarms.judge(alarm, points)
            if state != alarm.state_value:
                self._transition(alarm, state, points, now)

    def _transition(self, alarm: Any, state: str, points: list[Any], now: datetime) -> None:
        before = alarm.state_value
        shown = points[-3:]
        reason = f"datapoints {shown} against {alarm.comparison_operator} {alarm.threshold}"
        alarm.update_state(reason, json.dumps({"recentDatapoints": shown}), state)
        self._journal.write("alarms", name=alarm.name, before=before, after=state, reason=reason)
        arn = self.place.arn("cloudwatch", f"alarm:{alarm.name}")
        stamp = now.strftime("%Y-%m-%dT%H:%M:%S.000+0000")
        self.bus.put(
            "aws.cloudwatch",
            "CloudWatch Alarm State Change",
            [arn],
            {
                "alarmName": alarm.name,
                "state": {"value": state, "reason": reason, "timestamp": stamp},
                "previousState": {"value": before, "timestamp": stamp},
                "configuration": {"description": alarm.description, "metrics": []},
            },
        )
        actions = {"ALARM": alarm.alarm_actions, "OK": alarm.ok_actions}.get(state) or []
        for topic in actions:
            self.topics.notify(topic, arn, alarm, state, reason)

    def close(self) -> None:
        """Stop the functions and the server."""
        self.functions.close()
        self._server.close()


def _log_groups(template: Mapping[str, Any]) -> dict[str, str]:
    """Return each function's log group by the function's name: moto loses LoggingConfig."""
    resources = template["Resources"]
    found = {}
    for resource in resources.values():
        if resource["Type"] == "AWS::Lambda::Function":
            named = resource["Properties"]["LoggingConfig"]["LogGroup"]
            group = resources[named["Ref"]]["Properties"]["LogGroupName"]
            found[resource["Properties"]["FunctionName"]] = group
    return found
