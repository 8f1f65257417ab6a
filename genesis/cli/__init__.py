"""The `genesis` command: a module for each kind of sub-command, which reads arguments, calls, and prints.

Nothing else is decided here. A sub-command loads only what it runs: the monitor needs no engine, and nothing but `generate`
the boards.
"""

from genesis.cli.command_line import main, parser

__all__ = ["main", "parser"]
