"""The one decoder of images: every entrance of the project reads pixels through it."""

import io
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pillow_heif
from PIL import Image, ImageCms, ImageOps

from data import decoding_limits
from data.arrays import Floats, Floats32, Rgb
from data.errors import UserError

MAX_BYTES = 20_000_000
MAX_PIXELS = 50_000_000
# Its decoder holds each picture four times.
MAX_PIXELS_OF_WEBP = 40_000_000
MAX_RATIO = 20
READABLE_FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "HEIF")
_READABLE = "JPEG, PNG, WebP, TIFF, BMP or HEIC"

_ALPHA = ("RGBA", "LA", "PA", "La", "RGBa")
_STRIP_PIXELS = 1_000_000
_RLE = (1, 2)

MIN_SIDE_PX = 128
MIN_SHARPNESS = 12.0
DARK_SHARE = 0.6
BRIGHT_SHARE = 0.35


# How files of other kinds begin.
_FOREIGN = {
    b"%PDF": "a PDF document",
    b"GIF8": "a GIF",
    b"\x00\x00\x00\x0cjP  ": "a JPEG 2000 picture",
    b"\xff\x4f\xff\x51": "a JPEG 2000 picture",
    b"\xff\x0a": "a JPEG XL picture",
    b"\x00\x00\x00\x0cJXL ": "a JPEG XL picture",
    b"8BPS": "a Photoshop file",
    b"PK\x03\x04": "a zip archive or an office document",
}


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
    laid on white, CMYK and colour profiles are converted. Raises ImageError for an empty, too
    large, truncated, animated or foreign file, and for one that is made to be slow; size in bytes
    and pixels is checked before any pixel is decoded. Not noticed: a JPEG whose scan is damaged in
    the middle, which decoders fill in by themselves. A stranger's file is better read by
    `data.decoding`, which has a deadline.
    """
    content = read_content(source)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = _open(content)
            _check(image)
            _check_cost(image, content)
            return _to_srgb(image)
    except ImageError:
        raise
    except decoding_limits.TooManyPartsError as error:
        raise ImageError(
            "Expected a picture, but this file is made of far more parts than a picture has; open "
            "it in an image editor and save it as a new PNG or JPEG."
        ) from error
    except MemoryError as error:
        raise ImageError(
            "Expected a picture, but this file needs more memory than any picture of its size; "
            "open it in an image editor and save it as a new PNG or JPEG."
        ) from error
    # Decoders of damaged files raise almost anything; the person only needs to know it is damaged.
    except Exception as error:
        raise ImageError(
            "Expected a complete image, but this file is damaged or cut short; "
            "export or copy it again and retry."
        ) from error


def read_content(source: bytes | Path) -> bytes:
    """The file's bytes. Raises ImageError for one that is missing, empty or too large."""
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
        return Image.open(decoding_limits.CountedFile(content), formats=READABLE_FORMATS)
    except Image.DecompressionBombError as error:
        raise _too_many_pixels("far more") from error
    except (decoding_limits.TooManyPartsError, MemoryError):
        raise
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
    if content[4:8] == b"ftyp":
        return "an AVIF picture" if b"avi" in content[8:32] else "a video or a foreign kind of HEIC"
    if content[128:132] == b"DICM":
        return "a DICOM file (export it from the viewer as PNG or TIFF)"
    known = (kind for mark, kind in _FOREIGN.items() if content.startswith(mark))
    return next(known, "of another kind or damaged")


def _too_many_pixels(count: str, *, most: int = MAX_PIXELS) -> ImageError:
    return ImageError(
        f"Expected at most {most // 1_000_000} megapixels, but this image has {count}; "
        "crop it or save it smaller."
    )


def _check(image: Image.Image) -> None:
    most = MAX_PIXELS_OF_WEBP if image.format == "WEBP" else MAX_PIXELS
    if image.width * image.height > most:
        raise _too_many_pixels(f"{image.width * image.height / 1e6:.0f}", most=most)
    if max(image.size) > MAX_RATIO * max(1, min(image.size)):
        raise ImageError(
            f"Expected a picture whose longer side is at most {MAX_RATIO} times the shorter one, "
            f"but this one has {image.width} x {image.height} px; crop it."
        )
    # Phones store depth maps and thumbnails as further pictures of a HEIC or JPEG (MPO).
    if image.format not in ("HEIF", "JPEG", "MPO") and getattr(image, "is_animated", False):
        raise ImageError(
            "Expected a single picture, but this file holds several (an animation or pages); save "
            "the one you mean as its own image."
        )


def _check_cost(image: Image.Image, content: bytes) -> None:
    """Small files that take long: what decoders do with them is out of proportion."""
    if image.format == "BMP" and image.info.get("compression") in _RLE:
        raise ImageError(
            "Expected a BMP without compression, but this one is compressed (RLE); save it as PNG."
        )
    if image.format in ("JPEG", "MPO"):
        scans = decoding_limits.count_scans(content)
        if scans * image.width * image.height > decoding_limits.MAX_SCANNED_PIXELS:
            raise ImageError(
                f"Expected a JPEG of about ten scans, but this one has {scans}; save it again, as "
                "a JPEG that is not progressive."
            )
    exif = max(len(image.info.get(key) or "") for key in ("exif", "Raw profile type exif"))
    if exif > decoding_limits.MAX_EXIF_BYTES:
        raise ImageError(
            f"Expected at most {decoding_limits.MAX_EXIF_BYTES // 1000} kB of EXIF data, but this "
            f"file has {exif // 1000} kB; save it without metadata."
        )


def _to_srgb(image: Image.Image) -> Rgb:
    """Strip by strip: 50 megapixels are 200 MB in Pillow, and each step would be one more copy."""
    image.load()
    ImageOps.exif_transpose(image, in_place=True)
    if image.mode in ("I;16", "I;16B", "I;16L", "I", "F"):
        return _stretch(image)
    convert = _converter(image)
    pixels = np.empty((image.height, image.width, 3), dtype=np.uint8)
    for top, bottom in _strips(image):
        pixels[top:bottom] = np.asarray(convert(image.crop((0, top, image.width, bottom))))
    return pixels


def _strips(image: Image.Image) -> list[tuple[int, int]]:
    rows = max(1, _STRIP_PIXELS // image.width)
    return [(top, min(top + rows, image.height)) for top in range(0, image.height, rows)]


def _converter(image: Image.Image) -> Callable[[Image.Image], Image.Image]:
    """From a strip to sRGB, with alpha laid on white."""
    has_alpha = image.mode in _ALPHA or "transparency" in image.info
    opaque = "L" if image.mode in ("LA", "La") else "RGB"
    transform = _profile_transform(image, opaque if has_alpha or image.mode == "P" else image.mode)

    def convert(part: Image.Image) -> Image.Image:
        alpha = None
        if has_alpha:
            part = part.convert("RGBA")
            alpha = part.getchannel("A")
        if has_alpha or part.mode == "P":
            part = part.convert(opaque)
        if transform is not None:
            part = ImageCms.applyTransform(part, transform) or part
        part = part.convert("RGB")
        if alpha is None:
            return part
        white = Image.new("RGB", part.size, "white")
        white.paste(part, mask=alpha)
        return white

    return convert


def _profile_transform(image: Image.Image, mode: str) -> ImageCms.ImageCmsTransform | None:
    """To sRGB; a broken profile is ignored, since the pixels are still a picture."""
    profile = image.info.get("icc_profile")
    if not profile or mode not in ("RGB", "CMYK", "L"):
        return None
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), mode, "RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None


def _stretch(image: Image.Image) -> Rgb:
    """Deep grey to 8 bits: by the smallest usual range that covers it, else by its own range."""
    strips = _strips(image)

    def values(strip: tuple[int, int]) -> Floats32:
        return np.asarray(image.crop((0, strip[0], image.width, strip[1])), dtype=np.float32)

    found = [(float(part.min()), float(part.max())) for part in map(values, strips)]
    if not np.isfinite(found).all():
        raise ImageError(
            "Expected brightness as numbers, but this image holds infinite or undefined ones; "
            "export it again."
        )
    low, high = min(low for low, _ in found), max(high for _, high in found)
    ranges = (1.0, 255.0, 1023.0, 4095.0, 16383.0, 65535.0)
    if low >= 0 and high <= ranges[-1]:
        low, high = 0.0, next(top for top in ranges if high <= top)
    pixels = np.empty((image.height, image.width, 3), dtype=np.uint8)
    for strip in strips:
        scaled = (values(strip) - low) / max(high - low, 1e-12) * 255
        pixels[strip[0] : strip[1]] = scaled.round()[..., None]
    return pixels


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


def _laplacian_variance(grey: Floats) -> float:
    if min(grey.shape) < 3:
        return 0.0
    centre = grey[1:-1, 1:-1]
    around = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:]
    return float((around - 4 * centre).var())


# Registers the format with Pillow; reads only the primary picture, not its thumbnails.
pillow_heif.register_heif_opener(thumbnails=False)
