"""Pictures and fractions inside a page, for the demo and for reports."""

import base64
import math

from data.arrays import Rgb
from data.images import encode


def data_uri(image: Rgb) -> str:
    """`image` `(h, w, 3)` uint8 as a JPEG inside the page: no file, no address, no cache."""
    content = encode(image, format="JPEG", quality=88)
    return "data:image/jpeg;base64," + base64.b64encode(content).decode()


def percent(fraction: float) -> str:
    """As people read it; undefined is a dash, and nothing rounds to certainty."""
    if math.isnan(fraction):
        return "–"
    if fraction < 0.001:
        return "<0.1%"
    return ">99.9%" if fraction > 0.999 else f"{100 * fraction:.1f}%"
