"""What fetching is made of: addresses and which may be asked, names, one exchange on the wire, bounded unpacking."""
