"""What the rotation's policy would have done with a past, and whether it was worth it."""
