"""Which image a new deployment would run."""

from typing import Any

import pytest

from runbook.checks import ecr
from runbook.checks.ecr import Image, Repository
from runbook.model import Unknown

ACCOUNT, REGION = "111122223333", "me-south-1"
HOST = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"
DIGEST = "sha256:" + "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("reference", "repository", "expected"),
    [
        (f"{HOST}/saas-worker:stable", "saas-worker", Image("saas-worker", "stable", "")),
        (f"{HOST}/saas-worker", "saas-worker", Image("saas-worker", "latest", "")),
        (f"{HOST}/saas-worker@{DIGEST}", "saas-worker", Image("saas-worker", "latest", DIGEST)),
        (f"{HOST}/saas-worker:v1@{DIGEST}", "saas-worker", Image("saas-worker", "v1", DIGEST)),
        (f"{HOST}/team/saas-worker:v1", "team/saas-worker", Image("team/saas-worker", "v1", "")),
    ],
    ids=["tag", "no tag", "digest", "tag and digest", "with a folder"],
)
def test_takes_an_image_reference_apart(reference: str, repository: str, expected: Image) -> None:
    assert expected == ecr.parse(reference, Repository(ACCOUNT, REGION, repository))


@pytest.mark.parametrize(
    "reference",
    [
        pytest.param(f"{HOST}/saas-backend:stable", id="another repository"),
        pytest.param(f"{HOST}/team/saas-worker:stable", id="one that ends like ours"),
        pytest.param(f"{HOST}/saas-worker-2:stable", id="one that begins like ours"),
        pytest.param("public.ecr.aws/nginx/nginx:1", id="public"),
        pytest.param("saas-worker:stable", id="without a registry"),
        pytest.param(f"{HOST}.example.com/saas-worker:stable", id="a host that begins like ECR"),
        pytest.param(f"evil/{HOST}/saas-worker:stable", id="a path before"),
        pytest.param(f"{HOST}/saas-worker@sha256:abc", id="a short digest"),
        pytest.param("", id="nothing"),
    ],
)
def test_an_image_from_elsewhere_is_unknown(reference: str) -> None:
    image = ecr.parse(reference, Repository(ACCOUNT, REGION, "saas-worker"))

    why = f"image {reference!r} is not in the configured repository 'saas-worker'"
    assert Unknown(why) == image


def test_takes_an_image_of_china_apart() -> None:
    reference = f"{ACCOUNT}.dkr.ecr.cn-north-1.amazonaws.com.cn/saas-worker:v1"

    image = ecr.parse(reference, Repository(ACCOUNT, "cn-north-1", "saas-worker"))

    assert image == Image("saas-worker", "v1", "")


@pytest.mark.parametrize(
    "host",
    [
        pytest.param(HOST.replace(ACCOUNT, "999999999999"), id="another account"),
        pytest.param(HOST.replace(REGION, "eu-west-1"), id="another region"),
    ],
)
@pytest.mark.parametrize("pinned", ["", f"@{DIGEST}"], ids=["by a tag", "by its digest"])
def test_an_image_of_another_registry_is_not_resolved_in_ours(host: str, pinned: str) -> None:
    reference = f"{host}/saas-worker:stable{pinned}"

    image = ecr.parse(reference, Repository(ACCOUNT, REGION, "saas-worker"))

    registry = f"another registry than that of account {ACCOUNT} in {REGION}"
    assert image == Unknown(f"image {reference!r} is in {registry}")


@pytest.mark.parametrize(
    ("details", "expected"),
    [
        ([{"imageDigest": DIGEST}], DIGEST),
        ([], Unknown("image saas-worker:stable is not in ECR")),
    ],
    ids=["found", "gone"],
)
def test_asks_ecr_what_a_tag_means_now(details: list[Any], expected: Any, stubbed: Any) -> None:
    client, stub = stubbed("ecr")
    stub.add_response(
        "describe_images",
        {"imageDetails": details},
        {"repositoryName": "saas-worker", "imageIds": [{"imageTag": "stable"}]},
    )

    assert expected == ecr.digest(client, Image("saas-worker", "stable", ""))


def test_a_pinned_digest_needs_no_question(stubbed: Any) -> None:
    client, _ = stubbed("ecr")

    assert ecr.digest(client, Image("saas-worker", "v1", DIGEST)) == DIGEST
