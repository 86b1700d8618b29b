"""Stage plan: segments, lots, and the quote before anything is spent."""
