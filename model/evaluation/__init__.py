"""Judging checkpoints on labelled images, and comparing networks."""
