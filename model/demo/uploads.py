"""What a visitor sent: read once and deleted, and reduced to what the page shows."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from data.images import ImageError
from model.demo.visits import Expiring

VIEW_PX = 900

Rgb = npt.NDArray[np.uint8]


def consume(path: str, *, recent: Expiring[bytes]) -> bytes:
    """Nothing uploaded is kept: the file is gone before the picture is looked at.

    Gradio gives equal pictures of two visitors one path, so that the second may come too late for
    the file: the bytes stay in memory for moments, under that path.
    """
    file = Path(path)
    try:
        content = file.read_bytes()
    except FileNotFoundError as error:
        held = recent.get(path)
        if held is None:
            raise ImageError(
                "Expected the upload to be there still, but it is gone; choose the picture again."
            ) from error
        return held
    recent.put(path, content)
    file.unlink(missing_ok=True)
    return content


def reduced(image: Rgb) -> Rgb:
    """An (h, w, 3) uint8 picture as large as the page shows it, in its own aspect ratio."""
    picture = Image.fromarray(image)
    picture.thumbnail((VIEW_PX, VIEW_PX), Image.Resampling.LANCZOS)
    return np.asarray(picture)
