"""The network: what a checkpoint is, what it predicts, and how it is trained and judged."""
