"""YAML documents as the generated files hold them: a header that says where they come from, long texts readable."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

DO_NOT_EDIT = "DO NOT EDIT"
HEADER = (
    f"# {DO_NOT_EDIT}: made from config/ by `genesis generate`; `genesis generate --check` tells whether it is up to date.\n"
)


def document(tree: Mapping[str, Any], why: str = "") -> str:
    """The tree as YAML below the header, keys in their order; `why` are lines of comment between the two."""
    return HEADER + why + yaml.dump(tree, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1000)


class _Dumper(yaml.SafeDumper):
    """Writes each value where it stands: Prometheus 3 refuses anchors in rules."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=_style(value))


def _style(value: str) -> str | None:
    # YAML folds what it takes for the end of a line, such as U+0085. Only double quotes keep such a character.
    if not value.replace("\n", "").isprintable():
        return '"'
    return "|" if "\n" in value else None


_Dumper.add_representer(str, _text)
