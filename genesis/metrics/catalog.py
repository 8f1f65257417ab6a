"""Every metric that Genesis exposes, under its constant: the union of the declarations in families/.

The exporters, the alert rules, the boards and docs/metrics.md take their names from here. Conventions: prefix `genesis_`, base
units, ratios from 0 to 1 (`_ratio`), money in the account's reporting currency; losses, costs and drawdowns are positive
numbers, P&L is signed. A figure that cannot be computed is left out, and `*_undefined_info` says why.
"""

from __future__ import annotations

from genesis.metrics.declaration import DeclaredMetric, Group
from genesis.metrics.families.accounts import *
from genesis.metrics.families.attribution import *
from genesis.metrics.families.capacity import *
from genesis.metrics.families.correlation import *
from genesis.metrics.families.degradation import *
from genesis.metrics.families.drawdowns import *
from genesis.metrics.families.execution import *
from genesis.metrics.families.feeds import *
from genesis.metrics.families.performance import *
from genesis.metrics.families.risk import *
from genesis.metrics.families.rotation import *
from genesis.metrics.families.service import *
from genesis.metrics.families.tier import *
from genesis.metrics.families.trading import *

_PLACES = {group: place for place, group in enumerate(Group)}

CATALOG: tuple[DeclaredMetric, ...] = tuple(
    sorted(
        (value for value in tuple(globals().values()) if isinstance(value, DeclaredMetric)),
        key=lambda metric: (_PLACES[metric.rows.group], metric.rows.last),
    )
)
"""In the order of /metrics: by group, and in a group as they are declared."""
BY_NAME: dict[str, DeclaredMetric] = {metric.name: metric for metric in CATALOG}
