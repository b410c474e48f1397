"""A campaign before it runs: set up, tried out, and calculated ahead."""
