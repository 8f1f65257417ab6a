"""The files of config/: one module per YAML file, with its model, its defaults and its faults."""
