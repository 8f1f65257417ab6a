"""What the rotation policy would have done in the past, and what it would have earned."""
