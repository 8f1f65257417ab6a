"""The fenced code blocks of the documents: found, each with page, line, language and use, and run as a program."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from tests.integration.waiting import SOON

ROOT = Path(__file__).parents[1]
_FENCE = re.compile(r"(?P<indent> *)(?P<marks>`{3,}|~{3,})(?P<info>.*)")


class Block(NamedTuple):
    """A code block. Its fence says the language, and after that its use: how a test runs it, where that differs."""

    page: str
    line: int
    """Of the opening fence, from 1 on."""
    language: str
    use: str
    text: str

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line}"


def pages() -> list[Path]:
    """Every document: those in the root of the repository and those in docs/, generated ones included."""
    return [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]


def every_block() -> list[Block]:
    """The blocks of all documents."""
    return [
        block for path in pages() for block in blocks_of(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))
    ]


def block(page: str, language: str, use: str = "") -> Block:
    """The one block of a page with this language and use; `ValueError` if there is none, or more than one."""
    (found,) = (one for one in every_block() if (one.page, one.language, one.use) == (page, language, use))
    return found


def blocks_of(page: str, text: str) -> Iterator[Block]:
    """The blocks of a text.

    Raises:
        ValueError: a block does not end, or a line has a fence where no block begins, such as inside a quotation.
    """
    lines = enumerate(text.splitlines(), 1)
    for number, line in lines:
        fence = _FENCE.fullmatch(line)
        if fence is None:
            if re.search("`{3}|~{3}", line):
                raise ValueError(f"{page}:{number}: a fence must begin its line, after spaces at most: {line!r}")
            continue
        inside = []
        for _, content in lines:
            if content.strip() == fence["marks"]:
                break
            inside.append(content.removeprefix(fence["indent"]))
        else:
            raise ValueError(f"{page}:{number}: the block does not end with {fence['marks']}")
        language, _, use = fence["info"].strip().partition(" ")
        yield Block(page, number, language, use, "".join(f"{one}\n" for one in inside))


class Ended(NamedTuple):
    """How a program ended."""

    code: int
    out: str
    errors: str


async def run(command: tuple[str, ...], folder: Path, environment: Mapping[str, str]) -> Ended:
    """Run a program in `folder`, with `environment` over that of the tests, and wait for its end."""
    process = await asyncio.create_subprocess_exec(
        *command, cwd=folder, env={**os.environ, **environment},
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, errors = await asyncio.wait_for(process.communicate(), SOON)
    assert process.returncode is not None
    return Ended(process.returncode, out.decode(), errors.decode())
