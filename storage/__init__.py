"""The ground floor: remembers posts, cases and events.

Its doors: `intake` (the listener's), `inbox` and `outbox` (the desk's), `figures` (the reports').
"""
