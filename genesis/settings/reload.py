"""Reload of the configuration in a running process, and the changes that need a restart."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import TypeVar

import structlog
from pydantic import BaseModel

from genesis.core.errors import GenesisError

_log = structlog.get_logger(__name__)
_ABSENT = object()
_Settings = TypeVar("_Settings")


async def reload_settings(load: Callable[[], _Settings], follow: Callable[[_Settings], Awaitable[None]]) -> _Settings | None:
    """Read the configuration and apply it with `follow`; returns the new settings.

    None if there is a fault: every fault is logged, and the old settings stay in force. Nothing is raised: a faulty file must
    not end a running process. `follow` must change nothing if it raises.
    """
    try:
        settings = await asyncio.to_thread(load)
        await follow(settings)
    except GenesisError as error:
        _log.error("configuration refused: the old one stays in force", reason=str(error))
    except Exception:
        _log.exception("configuration refused: the old one stays in force")
    else:
        return settings
    return None


def warn_of_restart(running: Mapping[str, object], read: Mapping[str, object]) -> None:
    """Log the keys that need a restart: those whose new value differs from the running one."""
    if keys := changed_keys(running, read):
        _log.warning("a restart is needed for these", keys=keys)


def changed_keys(before: Mapping[str, object], after: Mapping[str, object]) -> list[str]:
    """The keys whose value differs, new and removed keys included."""
    return [key for key in {**before, **after} if before.get(key, _ABSENT) != after.get(key, _ABSENT)]


def values_by_key(section: BaseModel, file: str) -> dict[str, object]:
    """Every value of `file`, by file and key as a fault names them: `monitor.yaml: ingest.token_file`."""
    return {f"{file}: {key}": value for key, value in _leaves(section, "")}


def _leaves(value: object, key: str) -> Iterator[tuple[str, object]]:
    if isinstance(value, BaseModel):
        parts = {field.alias or name: getattr(value, name) for name, field in type(value).model_fields.items()}
    elif isinstance(value, Mapping):
        parts = {str(name): part for name, part in value.items()}
    else:
        yield key, value
        return
    for name, part in parts.items():
        yield from _leaves(part, f"{key}.{name}" if key else name)
