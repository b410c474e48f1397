"""Clients of other systems. No Django in here: whoever calls brings the connection."""
