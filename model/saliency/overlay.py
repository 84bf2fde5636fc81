"""A saliency map in colours over its image."""

import cv2
import numpy as np

from data.arrays import Floats32, Rgb
from model.errors import ModelError


def overlay(image: Rgb, saliency: Floats32, *, opacity: float) -> Rgb:
    """Blend the map, in viridis (dark is 0, yellow is 1), over the image.

    `image` (h, w, 3) uint8, `saliency` (h, w) in [0, 1], `opacity` from 0 (image alone) to 1 (map
    alone). Returns (h, w, 3) uint8. Viridis grows evenly in lightness, so no edge is made up.
    """
    if saliency.shape != image.shape[:2]:
        raise ModelError(
            f"Expected a map of the image's size {image.shape[:2]}, but got {saliency.shape}; "
            "explain this very image."
        )
    if not 0 <= opacity <= 1:
        raise ModelError(f"Expected an opacity in [0, 1], but got {opacity}; choose one in it.")
    levels = np.rint(np.clip(saliency, 0, 1) * 255).astype(np.uint8)
    coloured = cv2.applyColorMap(levels, cv2.COLORMAP_VIRIDIS)[..., ::-1]
    mixed = (1 - opacity) * image.astype(np.float32) + opacity * coloured.astype(np.float32)
    result: Rgb = np.rint(mixed).astype(np.uint8)
    return result
