"""The command line and the local stack: never deployed."""
