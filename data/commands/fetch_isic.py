"""`python -m data fetch-isic`: one search of the ISIC archive into a folder with a manifest."""

import argparse
import sys
from collections import Counter
from pathlib import Path

from tqdm import tqdm

from data.commands.import_cases import write_rows
from data.csv_tables import ManifestError
from data.sources.isic_api import API, Archive
from data.sources.isic_download import Fetch, State, open_fetch
from data.sources.isic_records import from_isic_records

EXIT_ALL, EXIT_SOME_FAILED = 0, 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of the command."""
    parser.add_argument("--out", type=Path, required=True, help="folder; the same one goes on")
    parser.add_argument("--query", default="", help='such as diagnosis_3:"Nevus" AND sex:male')
    parser.add_argument("--collections", default="", help="numbers of collections, such as 212,70")
    parser.add_argument("--limit", type=int, help="stop when so many images are there")
    parser.add_argument(
        "--licence",
        action="append",
        default=[],
        help="take only images under this licence (CC-0, CC-BY, CC-BY-NC), repeated for more",
    )
    parser.add_argument(
        "--pause", type=float, default=0.25, help="seconds between requests (default: 0.25)"
    )
    parser.add_argument("--api", default=API, help=f"address of the API (default: {API})")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Fetch, then write the manifest of what is there. Returns 0, or 3 if an image failed."""
    if (options.limit is not None and options.limit < 1) or options.pause < 0:
        raise ManifestError(
            f"Expected --limit from 1 and --pause from 0, but got {options.limit} and "
            f"{options.pause}; change it."
        )
    if not options.api.startswith(("https://", "http://")):
        raise ManifestError(
            f"Expected --api to begin with https://, but got {options.api!r}; such as {API}."
        )
    with Archive(options.api, pause_s=options.pause) as archive:
        first = archive.first_url(query=options.query, collections=options.collections)
        licences = sorted(set(options.licence))
        asked = State(archive.api, options.query, options.collections, licences, first)
        fetch = open_fetch(archive, options.out, asked)
        _fetch(fetch, options.limit)
    return report(fetch, options.out)


def _fetch(fetch: Fetch, limit: int | None) -> None:
    with tqdm(desc="fetching", unit="image") as bar:

        def told(done: int, total: int | None) -> None:
            bar.total = min(x for x in (total, limit) if x is not None) if total or limit else None
            bar.update(done - bar.n)

        fetch.run(limit=limit, told=told)


def report(fetch: Fetch, out: Path) -> int:
    """Write the manifest, print what came under which licence, and name what failed."""
    state = fetch.state
    if fetch.records:
        rows = [row for row in from_isic_records(out).rows if Path(row["path"]).is_file()]
        write_rows(rows, out / "manifest.csv", source="", licence="")
        print(f"{len(rows)} images in {out / 'manifest.csv'}, with the archive's own labels.")
        licences = Counter(
            str(r.get("copyright_license") or "none stated") for r in fetch.records.values()
        )
        print("licences: " + ", ".join(f"{name} {n}" for name, n in sorted(licences.items())))
    else:
        print("No image answers this search.")
    if state.other_licence:
        print(f"{state.other_licence} images are under other licences and were not taken.")
    if not state.finished:
        print("There are more; a higher --limit, or none, goes on.")
    for isic_id, why in state.failed.items():
        sys.stderr.write(f"not fetched: {isic_id}: {why}\n")
    return EXIT_SOME_FAILED if state.failed else EXIT_ALL
