"""What the tabs about a study's life show: records in, escaped markup out."""

from html import escape

from readerstudy.entities import StudyState, StudySummary
from readerstudy.services.preview import Preview
from readerstudy.services.trail import Trail

_NEXT = {
    StudyState.DRAFT: "A draft: nobody reads yet. Open it when all cases and predictions are in.",
    StudyState.OPEN: "Open: readers answer. Close it when all readings are in.",
    StudyState.CLOSED: "Closed: no more answers. It can be amended and archived.",
    StudyState.ARCHIVED: "Archived: results and export stay, and nothing changes any more.",
}


def state(study: StudySummary) -> str:
    text = f"<p>{_NEXT[study.state]}</p>{_for_good(study)}"
    if study.seal_hash or study.state is not StudyState.DRAFT:
        return text
    covered = {
        "Cases": f"{study.n_cases}, with the hash of each image and the reference standard",
        "Classes": ", ".join(option.code for option in study.classes),
        "Models": f"{', '.join(study.models)}, with all predictions" if study.models else "none",
        "Rule": study.rule.value,
        "Protocol": "questions, order, arms, advice, endpoint, margin, alpha, exclusions",
        "Consent": "version and text",
    }
    items = "".join(f"<li><b>{k}</b>: {escape(v)}</li>" for k, v in covered.items())
    return (
        f"{text}<h3>What opening seals</h3><ul>{items}</ul><p>None of this can be changed "
        "afterwards. Look at it as a reader first, under Preview.</p>"
    )


def _for_good(study: StudySummary) -> str:
    if study.state is StudyState.ARCHIVED:
        return ""
    if not study.keeps_closed:
        again = "<p>With a reason it can be reopened.</p>"
        return again if study.state is StudyState.CLOSED else ""
    return (
        f"<p><b>It cannot be reopened once it is closed</b>, since its protocol has "
        f"{escape(study.keeps_closed)}: readers are then told how right they were.</p>"
    )


def done(message: str) -> str:
    return f'<p class="sr-problem" role="status">{escape(message)}</p>'


def trail(found: Trail, slug: str) -> str:
    """Newest first; the file has all of them."""
    rows = "".join(
        f"<tr><td>{event.at:%Y-%m-%d %H:%M:%S}</td>"
        + "".join(
            f"<td>{escape(text)}</td>"
            for text in (event.actor, event.verb.replace("_", " "), event.subject)
        )
        + "".join(f"<td><code>{escape(text)}</code></td>" for text in (event.old, event.new))
        + f"<td>{escape(event.reason)}</td></tr>"
        for event in found.events
    )
    head = ("When (UTC)", "Who", "What", "On", "Old", "New", "Reason")
    columns = "".join(f'<th scope="col">{title}</th>' for title in head)
    left = found.total - len(found.events)
    more = f'<p class="sr-soft">{left} older ones are in the file.</p>' if left else ""
    return (
        f'<p><a class="sr-download" href="/admin-api/{escape(slug)}/trail.csv" download>'
        "All events (CSV)</a></p>"
        f'<div class="sr-scroll sr-tall"><table class="sr-table sr-trail"><thead><tr>{columns}</tr>'
        f"</thead><tbody>{rows}</tbody></table></div>{more}"
    )


def preview(found: Preview, slug: str) -> str:
    """The image by our own route, which checks the sign-in again; buttons that do nothing."""
    buttons = "".join(
        f"<li>{escape(option.name_en)} <small>{escape(option.code)}</small></li>"
        for option in found.options
    )
    return (
        f'<p class="sr-soft">Case {found.position} of {found.total} in a drawn order, '
        f"{escape(found.arm)}. Nothing is stored.</p>"
        f'<div class="sr-preview"><img src="/admin-api/{escape(slug)}/preview/{found.position}.png"'
        f' alt="Case {found.position}"><div>{_text(found)}<h3>Which diagnosis?</h3>'
        f'<ol class="sr-options">{buttons}</ol>{_questions(found)}</div></div>'
    )


def _text(found: Preview) -> str:
    parts = [f"<p>{escape(found.clinical_text)}</p>" if found.clinical_text else ""]
    if found.advice:
        shown = ", ".join(f"{escape(code)} {p:.0%}" for code, p in found.advice.shown)
        parts.append(f"<p><b>{escape(found.advice.model)}</b> suggests: {shown}</p>")
    if found.time_limit_s:
        parts.append(f"<p>Time limit: {found.time_limit_s} s</p>")
    return "".join(parts)


def _questions(found: Preview) -> str:
    asked = found.questions
    further = {
        "I cannot tell": asked.cannot_tell,
        "second and third choice": asked.top3,
        "confidence from 0 to 100": asked.confidence,
        f"management: {', '.join(asked.management)}": bool(asked.management),
    }
    words = "; ".join(text for text, is_asked in further.items() if is_asked)
    return f'<p class="sr-soft">Also asked: {escape(words)}.</p>' if words else ""
