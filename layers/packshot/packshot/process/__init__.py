"""Stage process: a chunk of a lot, photo by photo, from the source to a measured cut-out in S3."""
