"""What was decided, on what, and what people told the controller: kept beside the journal, read, and proved."""
