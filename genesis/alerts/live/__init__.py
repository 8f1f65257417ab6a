"""The commands of `genesis alerts`: list, explain, test and silence alerts, and fire a test alert."""
