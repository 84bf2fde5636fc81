"""The default consent text; its version is stored with each consent, with the text's hash."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ConsentText:
    version: str
    text: str


DEFAULT_CONSENT = ConsentText(
    version="1",
    text="""\
You are asked to judge dermoscopic images, one at a time, in a study that compares readers with a
computer program. Taking part is voluntary; you may stop at any time by closing the page, and come
back with the same link.

What is stored: your answers, how sure you were, when each image was shown and answered, and what
you tell about your profession and experience. Your name and address are not asked and not stored;
you appear under a random code only.

What it is for: statistics over all readers, and their publication. This is a simulated reading of
images, not the care of patients.""",
)
