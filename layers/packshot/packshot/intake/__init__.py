"""The door: which photos come in, what is known of them, and when a drop is complete."""
