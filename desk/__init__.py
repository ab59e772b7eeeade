"""Acts: what agents and leads do with cases. Open `clerk.py` first."""
