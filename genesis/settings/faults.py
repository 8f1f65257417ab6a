"""Faults between the keys of a configuration file: each at its key, all reported at once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Protocol, TypeVar

from pydantic import ValidationError, ValidationInfo
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError

from genesis.core.duration import duration_text

Key = str | int


class Ordered(Protocol):
    """A threshold: a value that can be compared."""

    def __gt__(self, other: Any, /) -> bool: ...


_Threshold = TypeVar("_Threshold", bound=Ordered)


def fault(key: tuple[Key, ...], value: object, right: str) -> InitErrorDetails:
    """One fault at `key`, relative to the section that is checked; `right` says what would be right."""
    return InitErrorDetails(type=_custom("wrong_reference", right), loc=key, input=value)


def again(error: ErrorDetails) -> InitErrorDetails:
    """A fault found earlier, to be raised together with others."""
    return InitErrorDetails(type=_custom(error["type"], error["msg"]), loc=error["loc"], input=error["input"])


def refuse(title: str, faults: Iterable[InitErrorDetails]) -> None:
    """Raise all faults as one `ValidationError`; nothing happens without a fault."""
    if found := list(faults):
        raise ValidationError.from_exception_data(title, found)


def above(smaller: str, value: _Threshold, info: ValidationInfo) -> _Threshold:
    """`value`, if it is above the section's field `smaller`; a faulty `smaller` is reported on its own."""
    least = info.data.get(smaller)
    if least is not None and not value > least:
        raise ValueError(f"must be above {smaller}, which is {threshold_text(least)}")
    return value


def below(larger: str, value: _Threshold, info: ValidationInfo) -> _Threshold:
    """`value`, if it is below the section's field `larger`; a faulty `larger` is reported on its own."""
    most = info.data.get(larger)
    if most is not None and not most > value:
        raise ValueError(f"must be below {larger}, which is {threshold_text(most)}")
    return value


def threshold_text(threshold: object) -> str:
    """A threshold as the file has it."""
    return duration_text(threshold) if isinstance(threshold, timedelta) else str(threshold)


def _custom(kind: str, message: str) -> PydanticCustomError:
    # The message is a template in which braces would be fields.
    return PydanticCustomError(kind, "{message}", {"message": message})
