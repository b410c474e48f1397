"""The people whom campaigns call: who they are, what they agreed to, and who is not called."""
