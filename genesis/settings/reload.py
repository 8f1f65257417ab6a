"""The configuration, read again by a process that runs, and what of it only a restart takes up."""

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
    """Read the configuration and let `follow` take it up; the settings that are in force then.

    None if there is a fault: the log says every fault, and the settings before stay in force. Nothing is raised: a process
    that runs does not end because of a file. `follow` changes nothing if it raises.
    """
    try:
        settings = await asyncio.to_thread(load)
        await follow(settings)
    except GenesisError as error:
        _log.error("configuration refused: the old one goes on", reason=str(error))
    except Exception:
        _log.exception("configuration refused: the old one goes on")
    else:
        return settings
    return None


def warn_of_restart(running: Mapping[str, object], read: Mapping[str, object]) -> None:
    """Name the keys that want a restart: what was read for them is not what the process runs with."""
    if keys := changed_keys(running, read):
        _log.warning("only a restart takes these up", keys=keys)


def changed_keys(before: Mapping[str, object], after: Mapping[str, object]) -> list[str]:
    """The keys with another value, new keys and removed ones included."""
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
