"""t-SNE of the features: the map, its files, and how far it can be believed."""
