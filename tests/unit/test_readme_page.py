"""README.md: the files of config/ that it lists are those that there are."""

from __future__ import annotations

import re

from tests.code_blocks import ROOT

PAGE = (ROOT / "README.md").read_text(encoding="utf-8")
WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def test_every_file_of_the_configuration_is_listed_and_counted() -> None:
    files = {file.name for file in (ROOT / "config").glob("*.yaml")}
    section = PAGE.partition("\n## Configuration\n")[2].partition("\n## ")[0]
    assert set(re.findall(r"^\| `(\w+\.yaml)` \|", section, re.MULTILINE)) == files
    assert f"`config/` holds {WORDS[len(files)]} files" in section
