"""An agent written from a few words about a business, for somebody to look at. Nothing of it counts by itself."""
