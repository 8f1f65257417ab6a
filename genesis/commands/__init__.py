"""What each sub-command does; genesis/cli reads its arguments."""
