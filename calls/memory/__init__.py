"""What is remembered of callers from one call to the next, by their consent."""
