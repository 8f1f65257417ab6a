"""The `genesis` command: a module for each kind of sub-command, which parses arguments, calls genesis/commands, and prints.

A sub-command imports only what it runs: the monitor does not import the engine, and only `generate` and `check` import the
boards.
"""

from genesis.cli.command_line import main, parser

__all__ = ["main", "parser"]
