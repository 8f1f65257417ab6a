"""What every part of a configuration file has in common, and the value types that several files share."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from genesis.core.models import MAX_TEXT

Name = Annotated[str, Field(min_length=1, max_length=MAX_TEXT)]
Ratio = Annotated[Decimal, Field(gt=0, le=1)]


class Section(BaseModel):
    """A part of a configuration file: unknown keys are faults, and nothing changes after the start.

    The docstring under a field is its description in docs/configuration.md.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)
