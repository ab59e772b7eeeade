"""A library that takes more to import than a page may take."""

NAME = str(len(bytearray(200_000_000)))
