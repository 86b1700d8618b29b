"""Photos of made-up products with exact truth, path-traced by Blender: see `python -m bench.renders --help`."""
