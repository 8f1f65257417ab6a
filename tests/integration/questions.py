"""docs/promql.md: its questions, each with its query."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from tests.integration.conftest import ROOT

PAGE = ROOT / "docs" / "promql.md"
_QUESTION = re.compile(r"^### (?P<title>.+)\n\n```promql\n(?P<query>(?:.+\n)+?)```\n\n(?P<answer>.+)\n", re.MULTILINE)


class Question(NamedTuple):
    """A question, its PromQL, and how to read the answer."""

    title: str
    query: str
    answer: str

    @property
    def may_be_empty(self) -> bool:
        """Whether the page says when there is no answer."""
        return " Empty: " in self.answer


def questions() -> Iterator[Question]:
    """Every question of the page, in its order.

    Raises:
        ValueError: a heading is no question with a query and an answer of one paragraph.
    """
    page = PAGE.read_text(encoding="utf-8")
    found = [Question(one["title"], one["query"].strip(), one["answer"]) for one in _QUESTION.finditer(page)]
    if left := set(re.findall(r"^### (.+)$", page, re.MULTILINE)) - {one.title for one in found}:
        raise ValueError(f"{PAGE.name}: {sorted(left)}: no query, or no answer of one paragraph")
    yield from found
