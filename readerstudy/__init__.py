"""The reader study: what people say about the same cases, and how the network compares."""

__version__ = "0.1.0"
