"""docs/notifications.md: its messages are those that people get."""

from __future__ import annotations

import json

from tests.code_blocks import ROOT, block


def test_its_first_lines_are_those_of_the_golden_messages() -> None:
    golden = (ROOT / "tests" / "integration" / "messages").glob("*.pagerduty.json")
    titles = {json.loads(path.read_text(encoding="utf-8"))["payload"]["summary"] for path in golden}
    lines = block("docs/notifications.md", "text").text.splitlines()
    assert len(lines) == 5
    assert set(lines) <= titles
