"""Stage export: channels as data, rendering, encoding, metadata, words, compliance, feeds, manifest."""
