"""What each sub-command does; genesis/cli parses its arguments."""
