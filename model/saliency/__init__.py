"""Saliency maps, how they are laid over a picture, and checks of them."""
