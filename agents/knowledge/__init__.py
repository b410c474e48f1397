"""What a business has written down for its agents: read, cut into passages, and found again in the middle of a call."""
