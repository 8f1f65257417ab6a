"""`python -m genesis` is the `genesis` command."""

from __future__ import annotations

import sys

from genesis.cli import main

sys.exit(main())
