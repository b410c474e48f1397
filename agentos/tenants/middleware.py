"""Enters the tenant named in the address, when the person asking is a member of it."""
