"""Calls that nobody makes: simulated callers talk with a draft in text, and what comes of it is checked."""
