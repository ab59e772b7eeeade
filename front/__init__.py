"""Behind the front door, the only place that knows all three rooms: a file a group of commands. See `parser.py`."""

__version__ = "0.1.0"
