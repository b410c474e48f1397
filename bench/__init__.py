"""Measurements of the product and of what it stands on; not part of the running service."""
