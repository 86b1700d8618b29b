"""The door: which photos come in, what they are called, what is known of them, and when a drop is complete."""
