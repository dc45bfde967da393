"""Small pure helpers that know nothing of the database or the web."""
