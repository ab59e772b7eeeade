"""The query language: one grammar, one meaning, in memory and on both databases."""
