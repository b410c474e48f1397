"""Versions whose conversations ElevenLabs runs itself: what is kept there, and whether it is what we wrote."""
