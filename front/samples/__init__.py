"""Sample sites for the demo: a forum, a blog and two feeds on loopback, in Dutch and English, growing as you look."""
