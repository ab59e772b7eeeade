"""Hears: visits sources, matches and understands posts, and hands them to `storage.intake`. Open `crawl.py` first."""
