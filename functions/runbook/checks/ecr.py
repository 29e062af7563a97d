"""ECR: which digest an image tag resolves to now."""

import re
from dataclasses import dataclass
from typing import Any

from runbook.model import Unknown
from runbook.permissions import Need

NEEDS = (Need("ecr:DescribeImages", "repository"),)

_IMAGE = re.compile(
    r"^(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(\.cn)?/"
    r"(?P<repository>[^:@]+)(:(?P<tag>[^@]+))?(@(?P<digest>sha256:[0-9a-f]{64}))?$"
)


@dataclass(frozen=True)
class Repository:
    """The only repository that a function may ask about: an image of another registry is not ours to resolve.

    Attributes:
        account, region: of its registry.
        name: within it.
    """

    account: str
    region: str
    name: str


@dataclass(frozen=True)
class Image:
    """An image as a task definition names it.

    Attributes:
        repository: the ECR repository.
        tag: the tag, ``latest`` when none is written.
        digest: the digest, when the task definition pins one; empty otherwise.
    """

    repository: str
    tag: str
    digest: str


def parse(reference: str, repository: Repository) -> Image | Unknown:
    """Take an image reference apart.

    Args:
        reference: the task definition's ``image``.
        repository: the only repository that this function may ask about.
    """
    match = _IMAGE.match(reference)
    if match is None or match["repository"] != repository.name:
        return Unknown(
            f"image {reference!r} is not in the configured repository {repository.name!r}"
        )
    if (match["account"], match["region"]) != (repository.account, repository.region):
        return Unknown(
            f"image {reference!r} is in another registry than that of account {repository.account} "
            f"in {repository.region}"
        )
    return Image(match["repository"], match["tag"] or "latest", match["digest"] or "")


def digest(ecr: Any, image: Image) -> str | Unknown:
    """Return the digest that a new deployment would run."""
    if image.digest:
        return image.digest
    answer = ecr.describe_images(
        repositoryName=image.repository, imageIds=[{"imageTag": image.tag}]
    )
    details = answer["imageDetails"]
    if not details:
        return Unknown(f"image {image.repository}:{image.tag} is not in ECR")
    return str(details[0]["imageDigest"])
