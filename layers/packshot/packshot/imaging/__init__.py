"""Pictures as arrays: decoding, mattes, cut-outs, shadows, scenes, measurements. Knows no storage."""
