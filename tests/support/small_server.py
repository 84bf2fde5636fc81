"""The server's own settings around a tiny application: `python small_server.py VAR PORT LIMIT`."""

import resource
import sys

import anyio

import app as composition
from readerstudy.config import load_settings
from readerstudy.ui.security import connections

HEAD, STALL = 1.0, 1.0  # seconds, instead of those of people


async def tiny(scope, receive, send):
    """`/stream` is open until the client goes, `/body` counts what comes, all else is hello."""
    if scope["type"] != "http":
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    if scope["path"] == "/stream":
        await send({"type": "http.response.body", "body": b"data: 1\n\n", "more_body": True})
        while (await receive())["type"] != "http.disconnect":
            pass
    elif scope["path"] == "/flood":
        for _ in range(10_000):
            await send({"type": "http.response.body", "body": bytes(100_000), "more_body": True})
    elif scope["path"] == "/slow-reader":
        await anyio.sleep(3 * STALL)
    said = await _length(receive) if scope["path"] in ("/body", "/slow-reader") else b"hello"
    await send({"type": "http.response.body", "body": said})


async def _length(receive):
    n = 0
    while True:
        message = await receive()
        n += len(message.get("body", b""))
        if not message.get("more_body"):
            return str(n).encode()


def main(var, port, limit):
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    connections._HEAD_SECONDS, connections._STALL_SECONDS = HEAD, STALL
    settings = load_settings({"SKINREADER_VAR": var, "SKINREADER_PORT": port})
    listener = composition.listen(settings)
    composition.prepare(settings)
    composition._serve(tiny, settings, listener)


if __name__ == "__main__":
    main(*sys.argv[1:3], int(sys.argv[3]))
