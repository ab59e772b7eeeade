"""The screens: each owns its state and its calls to the clerk. Open `triage.py` first."""
