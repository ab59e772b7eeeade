"""What the kinds of source share to read pages: HTML as a tree and as text, feeds, JSON, embedded data, dates."""
