"""What the `recompute.py` of every exported bundle imports; it stays where it is."""
