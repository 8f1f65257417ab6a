"""What the board's sections have in common."""

from __future__ import annotations

from typing import Final

WINDOW: Final = 'window="$window"'
UNKNOWN: Final = "Not known in this time: the table of undefined figures says why, or the monitor was not scraped."
