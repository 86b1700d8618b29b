"""Learning: verdicts and overrides move a segment's profile, in bounded steps, every version kept."""
