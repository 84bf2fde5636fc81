"""What the demo says on how far an answer can be believed: text in, escaped markup out."""

from collections.abc import Sequence
from html import escape

from model.card import ModelCard


def outside(card: ModelCard, others: Sequence[ModelCard]) -> str:
    """The plain sentence for an image that a checkpoint does not know, and who may know it."""
    limit = card.scope
    share = f"{100 * limit.false_alarms:.0f} of 100" if limit else "Some"
    return (
        '<div class="sr-outside" role="alert"><h2>Outside what this checkpoint knows</h2>'
        f"<p>This picture does not look like those that <b>{escape(card.name)}</b> was trained on. "
        f"What it answers below means nothing here. "
        f"({share} pictures of its own kind are taken for foreign, too.)</p>"
        f"{''.join(map(_offer, others))}</div>"
    )


def _offer(card: ModelCard) -> str:
    kind = "drawings" if card.synthetic else "real images"
    return (
        f"<p>It looks like the {kind} that <b>{escape(card.name)}</b> was trained on. "
        f'<button type="button" data-checkpoint="{escape(card.name)}">Ask {escape(card.name)}'
        "</button></p>"
    )


def such_answers(card: ModelCard, probability: float) -> str:
    """How many of 100 answers given with such a probability were right on held-out images.

    `probability` is that of the answer, in [0, 1]; "" where too few cases were held out to say it.
    """
    for found in card.answers:
        if found.low < probability <= found.high:
            low, high = (round(100 * bound) for bound in found.interval)
            return (
                f'<p class="sr-such">Of 100 such answers about <b>{round(100 * found.share)}</b> '
                f"were right, on {found.n} held-out pictures of the kind it was trained on "
                f"(answers given {round(100 * found.low)}% to {round(100 * found.high)}%; "
                f"95% interval {low} to {high}, Wilson).</p>"
            )
    return ""
