"""A study from its draft to its end: protocol, seal, amendments, trail."""
