"""The one decoder of images: every entrance of the project reads pixels through it."""

import io
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import pillow_heif
from PIL import Image, ImageCms, ImageOps

from data.errors import UserError

MAX_BYTES = 20_000_000
MAX_PIXELS = 50_000_000
MAX_RATIO = 20
READABLE_FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "HEIF")
_READABLE = "JPEG, PNG, WebP, TIFF, BMP or HEIC"

MIN_SIDE_PX = 128
MIN_SHARPNESS = 12.0
DARK_SHARE = 0.6
BRIGHT_SHARE = 0.35

Rgb = npt.NDArray[np.uint8]


class ImageError(UserError):
    """The file is not an image this project can use; the text says why and what to do."""


@dataclass(frozen=True)
class QualityReport:
    """What may make an image hard to judge; it warns and never blocks.

    `sharpness` is the variance of the Laplacian of the grey image at 256 px (8-bit units squared),
    `brightness` the mean grey value in [0, 255].
    """

    width: int
    height: int
    sharpness: float
    brightness: float
    warnings: tuple[str, ...]


def decode(source: bytes | Path) -> Rgb:
    """Read an image as upright sRGB pixels, without any of its metadata.

    `source` is the file's content or its path. Returns `(height, width, 3)` uint8 in [0, 255].
    Deep greyscale is scaled by the smallest of 8, 10, 12, 14 and 16 bits that covers it, alpha is
    laid on white, CMYK and colour profiles
    are converted. Raises ImageError for an empty, too large, truncated, animated or foreign file;
    size in bytes and pixels is checked before any pixel is decoded.
    """
    content = _content(source)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with _open(content) as image:
                _check(image)
                return np.ascontiguousarray(_to_srgb(image), dtype=np.uint8)
    except ImageError:
        raise
    # Decoders of damaged files raise almost anything; the person only needs to know it is damaged.
    except Exception as error:
        raise ImageError(
            "Expected a complete image, but this file is damaged or cut short; "
            "export or copy it again and retry."
        ) from error


def _content(source: bytes | Path) -> bytes:
    if isinstance(source, Path):
        if not source.is_file():
            raise ImageError(f"Expected an image file, but {source.name!r} is not there; check it.")
        size = source.stat().st_size
        content = source.read_bytes() if size <= MAX_BYTES else b""
    else:
        size, content = len(source), source
    if size > MAX_BYTES:
        raise ImageError(
            f"Expected at most {MAX_BYTES // 1_000_000} MB, but this file has "
            f"{size / 1_000_000:.1f} MB; save it smaller or as JPEG."
        )
    if not content:
        raise ImageError("Expected an image, but this file is empty; choose another one.")
    return content


def _open(content: bytes) -> Image.Image:
    try:
        return Image.open(io.BytesIO(content), formats=READABLE_FORMATS)
    except Image.DecompressionBombError as error:
        raise _too_many_pixels("far more") from error
    except Exception as error:
        raise ImageError(
            f"Expected a {_READABLE} image, but this file is {_guess(content)}; "
            "save the picture in one of these formats."
        ) from error


def _guess(content: bytes) -> str:
    head = content[:1024].lstrip().lower()
    if b"<svg" in head:
        return "an SVG drawing"
    if head.startswith((b"<!doctype", b"<html", b"<?xml", b"<script")):
        return "a web page or XML text"
    if head.startswith(b"%pdf"):
        return "a PDF document"
    if head.startswith(b"gif8"):
        return "a GIF"
    if content[128:132] == b"DICM":
        return "a DICOM file"
    return "of another kind or damaged"


def _too_many_pixels(count: str) -> ImageError:
    return ImageError(
        f"Expected at most {MAX_PIXELS // 1_000_000} megapixels, but this image has {count}; "
        "crop it or save it smaller."
    )


def _check(image: Image.Image) -> None:
    if image.width * image.height > MAX_PIXELS:
        raise _too_many_pixels(f"{image.width * image.height / 1e6:.0f}")
    if max(image.size) > MAX_RATIO * max(1, min(image.size)):
        raise ImageError(
            f"Expected a picture whose longer side is at most {MAX_RATIO} times the shorter one, "
            f"but this one has {image.width} x {image.height} px; crop it."
        )
    frames = int(getattr(image, "n_frames", 1))
    # Phones store depth maps and thumbnails as further pictures of a HEIC or JPEG (MPO).
    if frames > 1 and image.format not in ("HEIF", "JPEG", "MPO"):
        raise ImageError(
            f"Expected a single picture, but this file holds {frames} (an animation or several "
            "pages); save the one you mean as its own image."
        )


def _to_srgb(image: Image.Image) -> Image.Image:
    profile = image.info.get("icc_profile")
    image.load()
    image = ImageOps.exif_transpose(image)
    if image.mode in ("I;16", "I;16B", "I;16L", "I", "F"):
        return _stretch(image)
    if profile and image.mode in ("RGB", "CMYK", "L"):
        image = _apply_profile(image, profile)
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        rgba = image.convert("RGBA")
        white = Image.new("RGB", rgba.size, "white")
        white.paste(rgba, mask=rgba.getchannel("A"))
        return white
    return image.convert("RGB")


def _stretch(image: Image.Image) -> Image.Image:
    """Deep grey to 8 bits: by the smallest usual range that covers it, else by its own range."""
    values = np.asarray(image, dtype=np.float32)
    low, high = float(values.min()), float(values.max())
    if not np.isfinite([low, high]).all():
        raise ImageError(
            "Expected brightness as numbers, but this image holds infinite or undefined ones; "
            "export it again."
        )
    ranges = (1.0, 255.0, 1023.0, 4095.0, 16383.0, 65535.0)
    if low >= 0 and high <= ranges[-1]:
        low, high = 0.0, next(top for top in ranges if high <= top)
    scaled = (values - low) / max(high - low, 1e-12) * 255
    return Image.fromarray(scaled.round().astype(np.uint8)).convert("RGB")


def _apply_profile(image: Image.Image, profile: bytes) -> Image.Image:
    """Convert to sRGB; a broken profile is ignored, since the pixels are still a picture."""
    try:
        converted = ImageCms.profileToProfile(
            image,
            ImageCms.ImageCmsProfile(io.BytesIO(profile)),
            ImageCms.createProfile("sRGB"),
            outputMode="RGB",
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image
    return converted if converted is not None else image


def encode(
    image: Rgb, *, format: Literal["PNG", "JPEG", "WEBP"] = "PNG", quality: int = 92
) -> bytes:
    """Write `(h, w, 3)` uint8 pixels as a file without metadata; `quality` is for JPEG and WebP."""
    buffer = io.BytesIO()
    options = {} if format == "PNG" else {"quality": quality}
    Image.fromarray(np.ascontiguousarray(image)).save(buffer, format=format, **options)
    return buffer.getvalue()


def quality_report(image: Rgb) -> QualityReport:
    """Judge size, blur and exposure of `(h, w, 3)` uint8 pixels.

    The limits are settings of this project, chosen on sharp and blurred phantoms, not clinical
    ones. Reference: variance of the Laplacian as a focus measure, Pech-Pacheco et al. 2000.
    """
    height, width = image.shape[:2]
    picture = Image.fromarray(image).convert("L")
    picture.thumbnail((256, 256))
    grey = np.asarray(picture, dtype=np.float64)
    sharpness, brightness = _laplacian_variance(grey), float(grey.mean())
    found = []
    if min(height, width) < MIN_SIDE_PX:
        found.append(
            f"The image is small ({width} x {height} px); details below {MIN_SIDE_PX} px are lost."
        )
    if sharpness < MIN_SHARPNESS:
        found.append("The image looks blurred; focus again if you can.")
    if float((grey < 30).mean()) > DARK_SHARE:
        found.append("The image is very dark; use more light.")
    if float((grey > 250).mean()) > BRIGHT_SHARE:
        found.append("The image is overexposed; use less light or avoid glare.")
    return QualityReport(width, height, sharpness, brightness, tuple(found))


def _laplacian_variance(grey: npt.NDArray[np.float64]) -> float:
    if min(grey.shape) < 3:
        return 0.0
    centre = grey[1:-1, 1:-1]
    around = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:]
    return float((around - 4 * centre).var())


# Registers the format with Pillow; reads only the primary picture, not its thumbnails.
pillow_heif.register_heif_opener(thumbnails=False)
