"""Text from outside made safe for a terminal, and aligned tables."""

from __future__ import annotations


def one_line(text: str, limit: int = 60) -> str:
    """`text` in at most `limit` characters: unprintable ones as Python's escapes, the middle cut out if it is too long."""
    escaped = "".join(character if character.isprintable() and character != "\\" else _escaped(character) for character in text)
    if len(escaped) <= limit:
        return escaped
    half = (limit - 1) // 2
    return f"{escaped[: limit - 1 - half]}…{escaped[-half:]}"


def _escaped(character: str) -> str:
    return repr(character)[1:-1]


def aligned(rows: list[tuple[str, ...]]) -> list[str]:
    """A table's lines: every column as wide as its widest text, two spaces between them."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows]
