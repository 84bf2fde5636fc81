"""From pixels to probabilities, features and maps."""
