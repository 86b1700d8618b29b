"""Stage preview: a reviewer's changes, at screen size at once, at full size before approval."""
