"""One call of a campaign: claimed, dialed, answered, settled, and what it cost."""
