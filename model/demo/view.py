"""The demo page's HTML: text in, escaped markup out. Knows nothing of Gradio."""

from collections.abc import Sequence
from html import escape
from pathlib import Path

import numpy as np
from PIL import Image

from data.images import MAX_BYTES, decode
from data.taxonomy import Disease
from model.card.card import ModelCard
from model.markup import data_uri, percent

N_PROMINENT = 5
THUMBNAIL_PX = 192
METHOD_NAMES = {
    "gradient": "Vanilla gradient",
    "smoothgrad": "SmoothGrad",
    "integrated-gradients": "Integrated gradients",
    "grad-cam": "Grad-CAM",
}
_SIGN_WORDS = {
    "absolute": "Without a sign: bright may speak for this class or against it.",
    "positive": "Only what speaks for this class; what speaks against it is left out.",
}
_METHOD_WORDS = {
    "gradient": "how strongly the score would react to a small change of each pixel",
    "smoothgrad": "the same reaction, averaged over noisy copies of the picture",
    "integrated-gradients": "each pixel's share of the score, against an empty picture",
    "grad-cam": "where the last layer's features speak for this class (coarse)",
}
# What the page is not; stands above everything else.
NOTICE = (
    '<aside class="sr-notice" role="note"><strong>For research and teaching. '
    "Not a medical device.</strong> Do not use it to judge a lesion, yours or anybody's.</aside>"
)
FOREIGN_DRAWING = (
    "This is a drawing, and this checkpoint was trained on photographs: its answer means nothing "
    "here. The drawings belong to a checkpoint that was trained on drawings."
)


HEADER = (
    '<header class="sr-top"><a class="sr-brand" href="/">SkinReader</a><nav>'
    '<a href="/" aria-current="page">Demo</a><a href="/study/">Reader study</a>'
    '<a href="/admin/">Admin</a></nav></header>'
    "<h1>What does the network see?</h1>"
)

# A picture goes to a route of the demo's own (assets/picture.js); Gradio gets only its handle.
PHOTO_BOX = """
<div class="sr-drop" data-max-bytes="MAX_BYTES">
  <div class="sr-drop-ways">
    <label class="sr-choose">Choose a picture<input type="file" id="sr-file"
      accept="image/*,.heic,.heif,.tif,.tiff,.bmp,.webp"></label>
    <button type="button" data-camera>Use the camera</button>
  </div>
  <p>or drop or paste one here: JPEG, PNG, WebP, TIFF, BMP or HEIC, 20 MB at most.
  It stays in this server's memory for 15 minutes at most after its last use; nothing is stored.</p>
  <p class="sr-sending" role="status"></p>
  <div class="sr-refusal" role="alert" hidden><h2>This picture cannot be used</h2><p></p></div>
  <dialog class="sr-camera" aria-label="Camera"><video playsinline muted></video>
    <div><button type="button" data-take>Take the picture</button>
    <button type="button" data-close>Cancel</button></div></dialog>
</div>
""".replace("MAX_BYTES", str(MAX_BYTES))

TAKE_HANDLE = """
element.addEventListener("sr-handle", (event) => trigger("click", { handle: event.detail }));
"""

CLICK_OFFER = """
element.addEventListener("click", (event) => {
  const button = event.target.closest("[data-checkpoint]");
  if (button) trigger("click", { checkpoint: button.dataset.checkpoint });
});
"""


def choice_of(card: ModelCard) -> str:
    """A checkpoint in the list: its name and what it was trained on, in a few words."""
    images = "drawings" if card.synthetic else "real images"
    return f"{card.name}: {len(card.taxonomy)} classes, {images}"


def domain_of(card: ModelCard) -> str:
    """What the chosen checkpoint has seen, and the licence of its weights."""
    return (
        f'<p class="sr-chosen"><b>{escape(card.name)}</b>: {escape(card.domain)} '
        f"Licence of the weights: {escape(card.licence)}.</p>"
    )


def ranking(
    ranked: Sequence[tuple[Disease, float]],
    *,
    warnings: Sequence[str],
    checkpoint: str,
    domain: str,
    seconds: float,
    outside: str = "",
    such_answers: str = "",
) -> str:
    """`ranked` is in falling order of probability, a fraction in [0, 1].

    `outside` and `such_answers` are markup of model.demo.words.
    """
    kind = "sr-result sr-foreign" if outside else "sr-result"
    prominent = "".join(_row(d, p) for d, p in ranked[:N_PROMINENT])
    others = "".join(_row(d, p) for d, p in ranked[N_PROMINENT:])
    rest = (
        f"<details><summary>The other {len(ranked) - N_PROMINENT} classes</summary>"
        f'<ol class="sr-rank sr-rank-rest" start="{N_PROMINENT + 1}">{others}</ol></details>'
        if others
        else ""
    )
    return (
        f'<section class="{kind}" aria-label="Ranked diagnoses">{outside}{_warnings(warnings)}'
        f'<div class="sr-head"><h2>Ranked diagnoses</h2><span>{seconds:.2f} s</span></div>'
        f'{such_answers}<ol class="sr-rank" id="sr-rank">{prominent}</ol>{rest}'
        f'<p class="sr-domain"><b>{escape(checkpoint)}</b>: {escape(domain)}</p></section>'
    )


def refusal(message: str) -> str:
    """The picture could not be used, and why."""
    return (
        '<section class="sr-result"><div class="sr-refusal" role="alert">'
        f"<h2>This picture cannot be used</h2><p>{escape(message)}</p></div></section>"
    )


def placeholder() -> str:
    """Stands where the ranking will be."""
    return (
        '<section class="sr-result sr-empty"><h2>Ranked diagnoses</h2>'
        "<p>Drop a picture, take a photograph, or click an example. "
        "The ranking and a saliency map appear here.</p></section>"
    )


def examples(files: Sequence[Path]) -> str:
    """Thumbnails inside the page: the server then has no reason to serve any file."""
    buttons = "".join(
        f'<button type="button" data-example="{i}" aria-label="Synthetic example {i + 1}">'
        f'<img src="{_thumbnail(file)}" alt=""></button>'
        for i, file in enumerate(files)
    )
    return (
        '<section class="sr-examples"><h2>Or try a synthetic image</h2>'
        "<p>Drawings, for the checkpoint that was trained on drawings.</p>"
        f"<div>{buttons}</div></section>"
        if buttons
        else ""
    )


def viewer(photo_uri: str, *, map_uri: str = "", caption: str, is_busy: bool = False) -> str:
    """The picture, and over it the map whose opacity the page's slider sets."""
    overlay = f'<img class="sr-map" src="{map_uri}" alt="">' if map_uri else ""
    busy = '<span class="sr-busy" role="status">Computing the map …</span>' if is_busy else ""
    return (
        '<figure class="sr-viewer"><div class="sr-stack">'
        f'<img class="sr-photo" src="{photo_uri}" alt="The picture that was ranked">'
        f"{overlay}{busy}</div><figcaption>{caption}</figcaption></figure>"
    )


def legend(disease: Disease, method: str, *, sign: str, trust: str) -> str:
    """What the colours mean, and what they do not; `trust` says how far the map can be trusted."""
    name = escape(METHOD_NAMES.get(method, method))
    words = escape(_METHOD_WORDS.get(method, "how much each pixel matters for the score"))
    return (
        '<span class="sr-scale" aria-hidden="true"><i></i></span>'
        '<span class="sr-ends"><span>little</span><span>much</span></span>'
        f"<b>{name}, {escape(disease.name_en)}</b>: {words}. {_SIGN_WORDS[sign]} "
        "It tells what the network used, not where disease is; outside the middle square, "
        "which is all that the network sees, it is dark."
        f'<span class="sr-trust">{escape(trust)}</span>'
    )


OPACITY = (
    '<label class="sr-opacity" for="sr-opacity"><span>Opacity of the map</span>'
    '<input id="sr-opacity" type="range" min="0" max="100" value="45" step="1"></label>'
)


def _thumbnail(file: Path) -> str:
    picture = Image.fromarray(decode(file))
    picture.thumbnail((THUMBNAIL_PX, THUMBNAIL_PX))
    return data_uri(np.asarray(picture))


def _row(disease: Disease, probability: float) -> str:
    tag = '<span class="sr-tag">malignant</span>' if disease.malignant else ""
    return (
        f'<li data-code="{escape(disease.code)}"><div class="sr-name">'
        f"<strong>{escape(disease.name_en)}</strong>"
        f"{_chinese(disease)}<code>{escape(disease.code)}</code>{tag}</div>"
        f'<span class="sr-pct">{escape(percent(probability))}</span>'
        f'<div class="sr-bar"><i style="width:{100 * probability:.2f}%"></i></div></li>'
    )


def _chinese(disease: Disease) -> str:
    """Nothing where a taxonomy has no Chinese name: the English one then stands for both."""
    if disease.name_zh == disease.name_en:
        return ""
    return f'<span lang="zh-Hans">{escape(disease.name_zh)}</span>'


def _warnings(warnings: Sequence[str]) -> str:
    items = "".join(f"<li>{escape(text)}</li>" for text in warnings)
    return f'<ul class="sr-warn" role="status">{items}</ul>' if items else ""
