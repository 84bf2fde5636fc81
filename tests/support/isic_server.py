"""A local server that speaks the ISIC archive's format: pages, signed addresses, and mishaps."""

import base64
import json
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import numpy as np

from data.images import encode

LICENCES = ("CC-0", "CC-BY", "CC-BY-NC")
DIAGNOSES = ("Nevus", "Basal cell carcinoma", "Melanoma Invasive")


def content(number):
    rng = np.random.default_rng(number)
    return encode(rng.integers(0, 256, (24, 32, 3), dtype=np.uint8), format="JPEG")


class IsicServer(ThreadingHTTPServer):
    """`mishaps` maps a path's part to what happens at its next requests, in turn."""

    def __init__(self, n_images, page_size=4):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.images = {f"ISIC_{7000000 + i}": content(i) for i in range(n_images)}
        self.page_size = page_size
        self.mishaps = {}
        self.asked = Counter()
        self.queries = []
        self.signature = 0
        self.listed_signature = None  # of the pages, if it is another one
        self.records = {}
        self.retry_after = "7"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def api(self):
        return f"http://127.0.0.1:{self.server_address[1]}/api/v2"

    def record(self, isic_id, *, listed=False):
        old = listed and self.listed_signature is not None
        signature = self.listed_signature if old else self.signature
        number = int(isic_id[5:]) - 7000000
        host = self.api.removesuffix("/api/v2")
        made = {
            "isic_id": isic_id,
            "public": True,
            "copyright_license": LICENCES[number % 3],
            "attribution": f"Hospital {number % 2} Ü",
            "files": {
                "full": {
                    "url": f"{host}/files/{isic_id}.jpg?signature={signature}",
                    "size": len(self.images[isic_id]),
                },
                "thumbnail_256": {"url": f"{host}/thumbs/{isic_id}.jpg", "size": 1},
            },
            "metadata": {
                "acquisition": {"pixels_x": 32, "pixels_y": 24, "image_type": "dermoscopic"},
                "clinical": {
                    "age_approx": 45,
                    "sex": "male",
                    "anatom_site_general": "posterior torso",
                    "diagnosis_1": "Benign",
                    "diagnosis_3": DIAGNOSES[number % 3],
                    "fitzpatrick_skin_type": "II",
                    "lesion_id": f"IL_{number // 2}",
                    "patient_id": f"IP_{number // 3}",
                },
            },
        }
        return made | self.records.get(isic_id, {})


class _Handler(BaseHTTPRequestHandler):
    server: IsicServer

    def log_message(self, *_arguments):
        pass

    def do_GET(self):
        url = urlsplit(self.path)
        self.server.asked[url.path] += 1
        for part, planned in self.server.mishaps.items():
            if part in self.path and planned:
                mishap = planned.pop(0)
                if mishap != "fine":
                    return self._mishap(mishap, url)
        if url.path == "/api/v2/images/search/":
            return self._search(parse_qs(url.query))
        if url.path.startswith("/api/v2/images/"):
            return self._json(self.server.record(url.path.split("/")[-2]))
        if f"signature={self.server.signature}" not in url.query:
            return self._send(403, b"<Error>Request has expired</Error>")
        return self._send(200, self.server.images[url.path[7:-4]])

    def _search(self, asked):
        self.server.queries.append(asked)
        start = int(base64.b64decode(asked["cursor"][0])) if "cursor" in asked else 0
        names = list(self.server.images)
        page = names[start : start + self.server.page_size]
        following = None
        if start + len(page) < len(names):
            cursor = base64.b64encode(str(start + len(page)).encode()).decode()
            following = f"{self.server.api}/images/search/?cursor={cursor}&limit=100"
        return self._json(
            {
                "results": [self.server.record(name, listed=True) for name in page],
                "count": None if start else len(names),
                "next": following,
                "previous": None,
            }
        )

    def _json(self, value):
        self._send(200, json.dumps(value).encode(), "application/json")

    def _mishap(self, mishap, url):
        if isinstance(mishap, dict):
            return self._json(mishap)
        if isinstance(mishap, int):
            headers = {"Retry-After": self.server.retry_after} if mishap == 429 else {}
            return self._send(mishap, b'{"message": "no"}', headers=headers)
        body = self.server.images[url.path[7:-4]][:50]
        if mishap == "short":  # ends in order, with less than the record says
            return self._send(200, body)
        self._send(200, body, length=len(body) + 100)  # the connection breaks
        return self.connection.close()

    def _send(self, status, body, kind="image/jpeg", *, length=None, headers=None):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
