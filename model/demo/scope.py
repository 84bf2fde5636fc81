"""What the demo says on how far an answer can be believed: text in, escaped markup out."""

from collections.abc import Sequence
from html import escape

from data.taxonomy import Disease
from model.card import ModelCard
from model.conformal import COVERAGE
from model.demo.answers import Answer


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


def believed(card: ModelCard, answer: Answer) -> str:
    """How far an answer to a known picture can be believed, in two lines."""
    return such_answers(card, answer.ranked[0][1]) + likely_set(card, answer.likely)


def likely_set(card: ModelCard, likely: Sequence[Disease]) -> str:
    """The classes of the prediction set, and how often such sets held the right one; or ""."""
    rule = card.sets
    checked = [m for m in card.metrics if (m.quantity, m.class_) == (COVERAGE, "")]
    if rule is None or not (likely and checked):
        return ""
    found = checked[0]
    names = ", ".join(escape(disease.name_en) for disease in likely)
    kind = "drawings" if card.synthetic else "pictures"
    return (
        '<p class="sr-such">Set that is to hold the right answer in '
        f"{100 * (1 - rule.misses):g} of 100 such pictures: <b>{names}</b>. (Such sets did in "
        f"{100 * found.estimate:.0f}% of {found.n:,} held-out {kind}; 95% interval "
        f"{100 * found.ci_low:.0f} to {100 * found.ci_high:.0f}, Wilson.)</p>"
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
