"""A checkpoint: its weights, its card, the page of the card, and what was fitted to it."""
