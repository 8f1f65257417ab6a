"""The metrics, one file per topic: declared here, a metric is exposed, in the catalogue, and usable by boards and alerts."""
