"""Starts AWS's own runtime client for one function, wearing the shared clock, with IAM at the door.

Runs in the function's interpreter, which has awslambdaric and boto3 and nothing else of ours. What this
file needs itself is taken off ``sys.path`` again before the function's code is imported, so that
an asset that lacks a dependency fails here as it would in Lambda.
"""

import json
import mmap
import os
import struct
import sys
import time
from pathlib import Path
from typing import Any

_LAYOUT = struct.Struct("=qqqd")


def wear_clock(path: str) -> None:
    """Make time.time and datetime.now show the shared clock."""
    import time_machine  # noqa: PLC0415  # from a folder that is on the path only now

    with Path(path).open("rb") as file:
        shared = mmap.mmap(file.fileno(), _LAYOUT.size, access=mmap.ACCESS_READ)

    def time_ns() -> int:
        while True:
            state, moment = shared[:], time.monotonic_ns()
            count, virtual, real, rate = _LAYOUT.unpack(state)
            if count % 2 == 0 and shared[:] == state:  # else its owner is just changing it
                return int(virtual + (moment - real) * rate)

    traveller = time_machine.travel(0, tick=True).start()
    traveller.time_ns = time_ns  # the library's own seam


class Guard:
    """Judges every AWS call of this process by the function's synthesized policies.

    Args:
        settings: region, account, the role and its policies, the roles that go with tasks of each family,
            the message key of each encrypted topic with its policy, and the file where refusals are written.
    """

    def __init__(self, settings: dict[str, Any]) -> None:
        import iam  # type: ignore[import-not-found]  # noqa: PLC0415  # from a folder on the path only now

        self._iam = iam
        self._place = iam.Place(settings["region"], settings["account"], settings.get("roles", {}))
        self._role = settings["role"]
        self._policies = settings["policies"]
        self._keys = settings["topic_keys"]
        self._journal = settings["journal"]

    def register(self, session: Any) -> None:
        """Listen to every client of a botocore session."""
        session.register("provide-client-params.*.*", self.judge)
        session.register("before-call.*.*", self.stamp)

    def judge(self, params: dict[str, Any], model: Any, context: dict[str, Any], **_: Any) -> None:
        """Refuse a call that the role does not permit, as AWS would."""
        from botocore.exceptions import ClientError  # noqa: PLC0415  # botocore is slow to import

        operation = f"{model.service_model.service_name}.{model.name}"
        needed = self._iam.NEEDED.get(operation)
        if needed is None:
            self._write({"unsupported": operation})
            raise SystemExit(f"{operation} is not in the rehearsal's table of operations")
        demands = needed(params, self._place)
        refused = [one for one in demands if not self._iam.allowed(self._policies, one)]
        if operation == "sns.Publish" and params.get("TopicArn") in self._keys:
            refused += self._refused_key(self._keys[params["TopicArn"]])
        for demand in refused[:1]:
            self._write({"denied": demand.action, "resource": demand.resource})
            raise ClientError(
                {
                    "Error": {
                        "Code": "AccessDeniedException",
                        "Message": f"not authorized to perform {demand.action}",
                    },
                    "ResponseMetadata": {"HTTPStatusCode": 400},
                },
                model.name,
            )
        context["nightshift"] = f"{operation} {demands[0].resource}"

    def _refused_key(self, key: dict[str, Any]) -> list[Any]:
        """Return what publishing to an encrypted topic takes of its key, and is not permitted."""
        iam, account = self._iam, self._place.account
        needed = [iam.Demand(one, key["arn"]) for one in ("kms:Decrypt", "kms:GenerateDataKey")]
        return [
            one
            for one in needed
            if not iam.may_use_key(self._policies, one, self._role, key["policy"], account)
        ]

    def stamp(self, params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        """Let the server see that this call was judged, and what it is about."""
        params["headers"]["x-nightshift-judged"] = context.get("nightshift", "")

    def _write(self, line: dict[str, Any]) -> None:
        function = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        with Path(self._journal).open("a", encoding="utf-8") as file:
            file.write(json.dumps({"function": function, **line}) + "\n")


def main() -> None:
    """Prepare this process and become the runtime client."""
    own = json.loads(os.environ.pop("NIGHTSHIFT_REHEARSAL"))
    sys.path[:0] = own["path"]
    wear_clock(own["clock"])
    import botocore  # noqa: PLC0415

    botocore.register_initializer(Guard(own["guard"]).register)
    for folder in own["path"]:
        sys.path.remove(folder)
    del sys.modules["iam"]
    sys.path.insert(0, os.environ["LAMBDA_TASK_ROOT"])
    from awslambdaric.__main__ import main as runtime  # noqa: PLC0415

    runtime(["awslambdaric", os.environ["_HANDLER"]])


if __name__ == "__main__":
    main()
