"""The base class of every part of a configuration file, and the value types that several files share."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from genesis.core.models import MAX_TEXT


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (OSError, ValueError, ZoneInfoNotFoundError) as error:
        raise ValueError("must be an IANA time zone, for example UTC or Europe/Zurich") from error
    return name


Name = Annotated[str, Field(min_length=1, max_length=MAX_TEXT)]
TimeZone = Annotated[str, AfterValidator(_zone)]
Ratio = Annotated[Decimal, Field(gt=0, le=1)]


class Section(BaseModel):
    """A part of a configuration file: unknown keys are faults, and an instance never changes.

    The docstring under a field is its description in docs/configuration.md.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)
