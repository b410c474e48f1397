"""The practice carrier: Twilio's REST API, webhooks and Media Streams on loopback, with people who speak.

Demo, tests and benchmarks drive the real product through it. What it does on the wire is described in
docs/practice-carrier.md; it knows nothing of Django and nothing of our own side of the wire.
"""
