"""Calls whose conversation a vendor runs itself: given to it, reported by it, and then calls like any other."""
