"""Who is notified: routes, receivers, templates, Alertmanager's configuration."""
