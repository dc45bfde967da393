"""What the system knows: one file a noun. All SQL lives here and in `models`."""
