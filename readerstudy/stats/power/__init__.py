"""Sample sizes from a pilot study."""
