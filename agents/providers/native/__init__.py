"""Agents that a vendor hosts: it hears, thinks and speaks on its own side, and tells afterwards what was said."""
