"""Measurements: mattes against known truth. `python -m bench --help` lists them."""
