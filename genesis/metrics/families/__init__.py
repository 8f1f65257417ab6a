"""The metrics, one file a topic: what is declared here is exposed, and in the catalogue, the boards' and the alerts' reach."""
