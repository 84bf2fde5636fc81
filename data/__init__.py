"""The lowest room: what a case is. Taxonomies, images, manifests, splits, phantoms."""
