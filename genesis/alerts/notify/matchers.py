"""Alertmanager's matchers, written so that the classic parser and the UTF-8 one (0.27 and later) read the same.

Both take a label's name as it is and a value in double quotes; in the quotes the classic parser knows three escapes and no
others, which Go's, and so the UTF-8 parser's, share.
"""

from __future__ import annotations

from collections.abc import Iterable


def equals(label: str, value: str) -> str:
    """`value` alone; an empty one matches an alert without the label."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'{label}="{escaped}"'


def one_of(label: str, values: Iterable[str]) -> str:
    """Any of `values`, which are words of letters and underscores alone."""
    return f'{label}=~"{"|".join(values)}"'
