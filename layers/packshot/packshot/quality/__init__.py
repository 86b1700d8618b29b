"""Quality: checks, one error score, verdicts, samples and lot decisions. Pure numbers, no pictures."""
