import io
import struct
import subprocess
import sys
import zlib

import numpy as np
import pillow_heif
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms, PngImagePlugin

from data.images import MAX_BYTES, ImageError, decode, encode, quality_report


def gradient(height=40, width=60):
    y, x = np.mgrid[0:height, 0:width]
    return np.stack([x * 255 // width, y * 255 // height, np.full_like(x, 90)], -1).astype("uint8")


def saved(image, fmt, **options):
    buffer = io.BytesIO()
    image.save(buffer, format=fmt, **options)
    return buffer.getvalue()


def bomb_png(width, height):
    """A PNG of a few bytes that claims a huge size, with an honest header checksum."""

    def chunk(kind, body):
        return (
            struct.pack(">I", len(body))
            + kind
            + body
            + struct.pack(">I", zlib.crc32(kind + body) & 0xFFFFFFFF)
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("fmt", ["PNG", "WEBP", "TIFF", "BMP", "JPEG", "HEIF"])
def test_formats_keep_their_colours(fmt):
    if fmt == "HEIF":
        buffer = io.BytesIO()
        pillow_heif.from_pillow(Image.fromarray(gradient())).save(buffer, quality=95)
        content = buffer.getvalue()
    else:
        content = saved(Image.fromarray(gradient()), fmt, quality=95)
    pixels = decode(content)
    assert pixels.shape == (40, 60, 3)
    assert pixels.dtype == np.uint8
    assert np.abs(pixels.astype(int) - gradient()).mean() < 4


@pytest.mark.parametrize("mode", ["L", "P", "CMYK", "1", "YCbCr", "RGBA", "LA", "LAB"])
def test_every_colour_mode_becomes_rgb(mode):
    image = Image.fromarray(gradient())
    image = image.convert("RGB").convert("L").convert("LA") if mode == "LA" else image.convert(mode)
    fmt = {"CMYK": "JPEG", "YCbCr": "JPEG", "LAB": "TIFF"}.get(mode, "PNG")
    assert decode(saved(image, fmt)).shape == (40, 60, 3)


def test_transparency_is_laid_on_white():
    clear = Image.new("RGBA", (10, 10), (255, 0, 0, 0))
    assert (decode(saved(clear, "PNG")) == 255).all()


def test_16_bit_grey_keeps_its_range():
    ramp = np.linspace(0, 65535, 100).reshape(10, 10).astype("uint16")
    pixels = decode(saved(Image.fromarray(ramp), "PNG"))
    assert pixels.min() == 0
    assert pixels.max() == 255
    assert abs(int(pixels[5, 5, 0]) - int(ramp[5, 5]) // 257) <= 1


def test_exif_rotation_is_applied():
    exif = Image.Exif()
    exif[0x0112] = 6
    content = saved(Image.fromarray(gradient()), "JPEG", exif=exif.tobytes())
    assert decode(content).shape == (60, 40, 3)


def test_metadata_does_not_survive():
    info = PngImagePlugin.PngInfo()
    info.add_text("Patient", "Smith, melanoma")
    exif = Image.Exif()
    exif[0x010E] = "Smith"
    content = saved(Image.fromarray(gradient()), "PNG", pnginfo=info, exif=exif)
    assert b"Smith" in content
    for fmt in ("PNG", "JPEG", "WEBP"):
        assert b"Smith" not in encode(decode(content), format=fmt)


def test_broken_colour_profile_is_ignored():
    content = saved(Image.fromarray(gradient()), "PNG", icc_profile=b"nonsense")
    assert np.array_equal(decode(content), gradient())


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "empty"),
        (b"\0" * (MAX_BYTES + 1), "20 MB"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "an SVG drawing"),
        (b"<!DOCTYPE html><script>alert(1)</script>", "a web page"),
        (b"%PDF-1.7", "a PDF"),
        (b"GIF89a" + b"\0" * 50, "a GIF"),
        (b"\0\0\0\x20ftypavif\0\0\0\0mif1", "an AVIF picture"),
        (b"\0\0\0\x0cjP  \r\n\x87\n", "a JPEG 2000 picture"),
        (b"\xff\x4f\xff\x51" + b"\0" * 20, "a JPEG 2000 picture"),
        (b"\0" * 128 + b"DICM", "a DICOM file"),
        (b"PK\x03\x04" + b"\0" * 20, "a zip archive"),
        (b"\xff\xd8\xff\xe0<html><script>alert(1)</script>", "another kind or damaged"),
        (b"random words", "another kind or damaged"),
        (bomb_png(9000, 9000), "50 megapixels"),
        (bomb_png(60000, 60000), "50 megapixels"),
        (saved(Image.fromarray(gradient(400, 400)), "JPEG")[:2000], "damaged or cut short"),
        (saved(Image.fromarray(gradient(400, 400)), "PNG")[:500], "damaged or cut short"),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else len(value),
)
def test_unusable_files_get_a_sentence(content, complaint):
    with pytest.raises(ImageError, match=complaint):
        decode(content)


@pytest.mark.parametrize("fmt", ["WEBP", "TIFF", "PNG"])
def test_animations_and_pages_are_refused(fmt):
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
    content = saved(frames[0], fmt, save_all=True, append_images=frames[1:])
    with pytest.raises(ImageError, match="single picture"):
        decode(content)


def test_missing_file_is_named(tmp_path):
    with pytest.raises(ImageError, match=r"lost\.png"):
        decode(tmp_path / "lost.png")


def test_path_and_bytes_give_the_same_pixels(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(encode(gradient()))
    assert np.array_equal(decode(path), decode(path.read_bytes()))


@given(st.binary(max_size=300), st.integers(0, 1200))
def test_damage_never_gives_anything_but_a_sentence(noise, at):
    content = bytearray(saved(Image.fromarray(gradient()), "JPEG"))
    content[at : at + len(noise)] = noise
    try:
        pixels = decode(bytes(content))
    except ImageError as error:
        assert str(error).startswith("Expected")
    else:
        assert pixels.ndim == 3


def textured(size=300):
    rng = np.random.default_rng(0)
    return rng.integers(60, 200, (size, size, 3)).astype("uint8")


def test_good_image_has_no_warning():
    assert quality_report(textured()).warnings == ()


@pytest.mark.parametrize(
    ("image", "word"),
    [
        (textured(64), "small"),
        (np.full((300, 300, 3), 128, "uint8"), "blurred"),
        (textured() // 12, "dark"),
        (np.full((300, 300, 3), 255, "uint8"), "overexposed"),
    ],
)
def test_poor_images_are_described(image, word):
    assert any(word in warning for warning in quality_report(image).warnings)


def test_tiny_image_has_a_report():
    assert quality_report(np.zeros((1, 1, 3), "uint8")).sharpness == 0


def test_very_narrow_pictures_are_refused_before_they_cost_memory():
    with pytest.raises(ImageError, match="20 times the shorter"):
        decode(saved(Image.new("L", (60000, 1)), "PNG"))


def test_undefined_brightness_is_refused():
    values = np.ones((8, 8), "float32")
    values[0, 0] = np.nan
    with pytest.raises(ImageError, match="infinite or undefined"):
        decode(saved(Image.fromarray(values), "TIFF"))


@pytest.mark.parametrize("top", [1023, 4095, 16383, 65535])
def test_deep_grey_uses_the_smallest_range_that_covers_it(top):
    values = np.array([[0, top]] * 4, "uint16")
    pixels = decode(saved(Image.fromarray(values), "PNG"))
    assert pixels[0, :, 0].tolist() == [0, 255]


def test_brightness_from_0_to_1_is_not_black():
    values = np.array([[0, 0.5, 1]] * 4, "float32")
    assert decode(saved(Image.fromarray(values), "TIFF"))[0, :, 0].tolist() == [0, 128, 255]


def linear_profile() -> bytes:
    """sRGB's primaries with straight tone curves: the same numbers stand for lighter colours."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    straight = bytes(4) + (1 << 16).to_bytes(4, "big")  # kind 0 of a parametric curve, gamma 1.0
    at = profile.find(b"para")
    while at >= 0:
        profile[at + 8 : at + 16] = straight
        at = profile.find(b"para", at + 16)
    return bytes(profile)


@pytest.mark.parametrize("mode", ["RGBA", "P"])
def test_a_colour_profile_counts_as_in_an_opaque_picture(mode):
    profile = linear_profile()
    opaque = Image.fromarray(gradient())
    expected = decode(saved(opaque, "PNG", icc_profile=profile))
    assert not np.array_equal(expected, gradient())
    if mode == "P":
        few = opaque.quantize(16)
        found = decode(saved(few, "PNG", icc_profile=profile))
        expected = decode(saved(few.convert("RGB"), "PNG", icc_profile=profile))
    else:
        found = decode(saved(opaque.convert(mode), "PNG", icc_profile=profile))
    assert np.array_equal(found, expected)


@pytest.mark.parametrize("kind", ["rgba", "grey16", "rotated"])
def test_the_largest_picture_needs_less_than_half_a_gigabyte(tmp_path, kind):
    """Measured in a process of its own, for the highest mark of a process never falls."""
    side = 7070
    rows = np.arange(side) // 64
    grey = np.add.outer(rows, rows).astype(np.uint16)
    path = tmp_path / ("big.jpg" if kind == "rotated" else "big.png")
    if kind == "grey16":
        Image.fromarray(grey * 100).save(path, compress_level=1)
    elif kind == "rgba":
        Image.fromarray(np.repeat(grey[..., None].astype(np.uint8), 4, axis=2)).save(
            path, compress_level=1
        )
    else:
        exif = Image.Exif()
        exif[0x0112] = 6
        Image.fromarray(grey.astype(np.uint8)).convert("RGB").save(path, exif=exif, quality=60)
    code = (
        "import resource, sys; from pathlib import Path; from data.images import decode;"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss;"
        "decode(Path(sys.argv[1]));"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, path], capture_output=True, text=True, check=True
    )
    # Linux counts in KB, macOS in bytes.
    used = int(done.stdout) * (1 if sys.platform == "darwin" else 1024)
    assert used < 500_000_000


def test_a_webp_has_a_limit_of_its_own(monkeypatch):
    monkeypatch.setattr("data.images.MAX_PIXELS_OF_WEBP", 1_000_000)
    picture = Image.new("RGB", (1001, 1000), "brown")
    assert decode(saved(picture, "PNG")).shape == (1000, 1001, 3)
    with pytest.raises(ImageError, match="at most 1 megapixels"):
        decode(saved(picture, "WEBP"))
