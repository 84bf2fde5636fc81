"""How far a saliency map can be trusted: checks that could fail, computed per method."""
