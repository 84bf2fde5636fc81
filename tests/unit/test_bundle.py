"""The zip is the same for the same content and checks itself."""

import hashlib
import io
import zipfile

from readerstudy.files.zip_bundle import pack, versions


def test_the_same_content_gives_the_same_bytes() -> None:
    assert pack({"a": b"1", "b": b"2"}) == pack({"b": b"2", "a": b"1"})


def test_the_sums_are_those_of_the_files() -> None:
    with zipfile.ZipFile(io.BytesIO(pack({"figures/a.svg": b"<svg/>"}))) as archive:
        assert archive.namelist() == ["figures/a.svg", "SHA256SUMS"]
        line = f"{hashlib.sha256(b'<svg/>').hexdigest()}  figures/a.svg\n"
        assert archive.read("SHA256SUMS").decode() == line


def test_versions_name_what_made_the_file() -> None:
    found = versions(made_at="2030-01-01T00:00:00+00:00")
    assert found["packages"]["numpy"][0].isdigit()
    assert found["made_at"].startswith("2030")
