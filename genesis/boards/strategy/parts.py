"""What the board's sections have in common."""

from __future__ import annotations

from typing import Final

WINDOW: Final = 'window="$window"'
UNKNOWN: Final = "Unknown: the table of undefined figures below says why."
