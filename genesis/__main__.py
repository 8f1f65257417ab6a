"""The `genesis` command, and `python -m genesis`: ends quietly at Ctrl-C, also while the program is still being loaded.

Nothing of Genesis may be imported at the top of this file: a Ctrl-C would end in a traceback of half-loaded modules.
"""

# ruff: noqa: PLC0415 - the imports belong under the guard

from __future__ import annotations

import os
import sys

_INTERRUPTED = 130


def main() -> int:
    """Load and run the command line; the exit code."""
    try:
        import signal

        signal.signal(signal.SIGINT, lambda *_: os._exit(_INTERRUPTED))
        from genesis.cli import main as command_line

        sys.unraisablehook = _end_if_interrupted
        signal.signal(signal.SIGINT, signal.default_int_handler)
        code = command_line()
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, signal.SIG_DFL)  # the work is done: a late Ctrl-C ends the process at once
    except KeyboardInterrupt:
        return _INTERRUPTED
    return code


def _end_if_interrupted(lost: sys.UnraisableHookArgs) -> None:
    """End the process where Python would print a Ctrl-C and go on: in a callback of the import system, or in a finalizer."""
    if issubclass(lost.exc_type, KeyboardInterrupt):
        os._exit(_INTERRUPTED)
    sys.__unraisablehook__(lost)


if __name__ == "__main__":
    sys.exit(main())
