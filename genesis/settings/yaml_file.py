"""A YAML file of `config/` as a frozen section: all its faults at once, each with file, key, value and what would be right."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from genesis.core.errors import Fault

ModelT = TypeVar("ModelT", bound=BaseModel)


def read_section(path: Path, model: type[ModelT], faults: list[Fault]) -> ModelT | None:
    """The file as `model`; on faults None, and the faults are added to the list."""
    try:
        raw = yaml.load(path.read_text(encoding="utf-8"), StrictLoader)  # noqa: S506 - a SafeLoader
    except (OSError, UnicodeDecodeError) as error:
        faults.append(Fault(path.name, "(file)", str(path), f"cannot be read: {error}"))
        return None
    except yaml.YAMLError as error:
        faults.append(Fault(path.name, "(file)", str(path), "is not valid YAML: " + " ".join(str(error).split())))
        return None
    except RecursionError:
        faults.append(Fault(path.name, "(file)", str(path), "is nested too deeply"))
        return None
    try:
        return model.model_validate({} if raw is None else raw)
    except ValidationError as error:
        for detail in error.errors(include_url=False, include_context=False):
            key = ".".join(str(part) for part in detail["loc"]) or "(file)"
            value = "(nothing)" if detail["type"] == "missing" else detail["input"]
            if isinstance(value, BaseModel | Mapping) and detail["type"] == "value_error":
                value = "(see there)"
            faults.append(Fault(path.name, key, value, _HINTS.get(detail["type"], str)(detail["msg"])))
        return None


_HINTS: dict[str, Callable[[Any], str]] = {
    "missing": lambda _: "this key is required",
    "extra_forbidden": lambda _: "there is no such key; docs/configuration.md lists the keys",
}


class StrictLoader(yaml.SafeLoader):
    """YAML in which the same key twice is an error instead of a silent overwrite."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key, (key_node, _) in zip(keys, node.value, strict=True):
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(None, None, f"the key {key!r} appears twice", key_node.start_mark)
        return super().construct_mapping(node, deep)
