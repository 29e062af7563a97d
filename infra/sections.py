"""Sections of an environment file: what each holds, and what is expected of it."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict

from infra.fields import like


class Part(BaseModel):
    """A section: strict, and a key that it does not know is a mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Dashboard(Part):
    """The dashboard.

    Attributes:
        name: an account has one list of dashboards for all its regions, so two environments need two.
    """

    name: Annotated[
        str, like(r"[A-Za-z0-9_-]{1,255}", "a dashboard's name: 1 to 255 letters, digits, - and _")
    ]
