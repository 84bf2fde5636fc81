"""What the demo says on how far an answer can be believed: text in, escaped markup out."""

from collections.abc import Sequence
from html import escape

from data.taxonomy import Disease
from model.card.card import ModelCard
from model.demo.answers import Answer, Offer
from model.metrics.metric import Metric
from model.metrics.out_of_distribution import KNOWN
from model.metrics.prediction_sets import COVERAGE


def outside(card: ModelCard, answer: Answer, offers: Sequence[Offer]) -> str:
    """The plain sentence for an image that a checkpoint does not know, and who may know it."""
    # How often that is wrong was measured of its own judgement alone.
    mistaken = _mistaken(card) if answer.is_foreign else ""
    return (
        '<div class="sr-outside" role="alert"><h2>Outside what this checkpoint knows</h2>'
        f"<p>This picture does not look like those that <b>{escape(card.name)}</b> was trained on. "
        f"What it answers below means nothing here.{mistaken}</p>"
        f"{''.join(map(_offer, offers))}</div>"
    )


def _mistaken(card: ModelCard) -> str:
    """How often the checkpoint's own kind of pictures is called foreign; "" if unmeasured."""
    found = [m for m in card.metrics if (m.family, m.quantity) == ("scope", "false alarms")]
    if not found:
        return ""
    return (
        f" The same is said, wrongly, of {_percent(found[0])} of its own kind of pictures, on "
        f"{found[0].n:,} held-out ones."
    )


def _offer(offer: Offer) -> str:
    name = escape(offer.card.name)
    kind = "drawings" if offer.card.synthetic else "real images"
    told = (
        f"It looks like the {kind} that <b>{name}</b> was trained on."
        if offer.is_known
        else f"It is nearer to the {kind} that <b>{name}</b> was trained on, but not like "
        "those either: its answer carries this warning, too."
    )
    button = f'<button type="button" data-checkpoint="{name}">Ask {name}</button>'
    return f"<p>{told} {button}</p>"


def believed(card: ModelCard, answer: Answer) -> str:
    """How far an answer to a picture that is not foreign can be believed, and what is not known."""
    right, held = such_answers(card, answer.ranked[0][1]), likely_set(card, answer.likely)
    is_judged = answer.is_foreign is not None
    measured = {
        "how often such answers are right": right,
        "how often a set of classes holds the right one": held,
        "whether a picture is of the kind that it knows": is_judged,
    }
    missing = [what for what, is_there in measured.items() if not is_there]
    return right + held + (_overlooked(card) if is_judged else "") + _unmeasured(missing)


def _unmeasured(missing: Sequence[str]) -> str:
    if not missing:
        return ""
    return f'<p class="sr-such">Not measured for this checkpoint: {"; ".join(missing)}.</p>'


def _overlooked(card: ModelCard) -> str:
    """That a foreign picture may pass for a known one, by the kind that passes most often."""
    called = f"called foreign, {card.scope.score}" if card.scope else ""
    rows = [row for row in card.outside if row.metric.quantity == called and row.metric.n]
    foreign = [row for row in rows if row.value != KNOWN]
    if not foreign:
        return ""
    worst = min(foreign, key=lambda row: row.metric.estimate)
    kind = escape(worst.value.replace("_", " "))
    return (
        '<p class="sr-such">It was not found to be foreign. That check overlooks some: of '
        f'{worst.metric.n:,} foreign pictures of the kind "{kind}" it found '
        f"{_percent(worst.metric)}.</p>"
    )


def _percent(found: Metric) -> str:
    low, high = 100 * found.ci_low, 100 * found.ci_high
    return f"{100 * found.estimate:.0f}% (95% interval {low:.0f} to {high:.0f}, Wilson)"


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
