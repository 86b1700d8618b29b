"""The review desk: what people see, decide and change, and what follows from it."""
