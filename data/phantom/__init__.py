"""Drawn dermoscopy pictures of 14 skin diseases: they test software and say nothing on patients."""

from data.phantom.drawing import CODES, Phantom, draw_phantom

__all__ = ["CODES", "Phantom", "draw_phantom"]
