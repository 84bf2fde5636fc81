"""From images to a checkpoint."""
