"""What the tabs about a study's life show: records in, escaped markup out."""

from html import escape

from readerstudy.domain import StudyState, StudySummary, SupportKind
from readerstudy.services.study.preview import Preview
from readerstudy.services.study.trail import Trail, TrailEvent
from readerstudy.ui.admin.view import table

_KINDS = {
    SupportKind.SALIENCY: "Beside the advice, saliency map",
    SupportKind.SIMILAR: "Beside the advice, similar case",
}
_NEXT = {
    StudyState.DRAFT: "A draft: nobody reads yet. Open it when all cases and predictions are in.",
    StudyState.OPEN: "Open: readers answer. Close it when all readings are in.",
    StudyState.CLOSED: "Closed: no more answers. It can be amended and archived.",
    StudyState.ARCHIVED: "Archived: results and export stay, and nothing changes any more.",
}


def state(study: StudySummary) -> str:
    text = f"<p>{_NEXT[study.state]}</p>{_for_good(study)}{_promised(study)}"
    if study.seal_hash or study.state is not StudyState.DRAFT:
        return text
    covered = {
        "Cases": f"{study.n_cases}, with the hash of each image, its reference standard and basis",
        "Classes": ", ".join(option.code for option in study.classes),
        "Models": f"{', '.join(study.models)}, with all predictions" if study.models else "none",
        "Rule": study.rule.value,
        "Protocol": "questions, order, arms, advice, endpoint, margin, alpha, exclusions",
        "Consent": "version and text",
    }
    items = "".join(f"<li><b>{k}</b>: {escape(v)}</li>" for k, v in covered.items())
    return (
        f"{text}<h3>What opening seals</h3><ul>{items}</ul><p>None of "
        "this can be changed afterwards. Look at it as a reader first, under Preview.</p>"
    )


def files_upload(slug: str) -> str:
    """Cases, and predictions of them."""
    name = '<label>Model\'s name in results<input name="name" required maxlength="60"></label>'
    return _zip_upload(
        slug, "cases", label="Add cases: one zip with manifest.csv and the images it names"
    ) + _zip_upload(
        slug,
        "predictions",
        label="Add a model: one zip with its predictions.csv and predictions.json",
        further=name,
    )


def supports_upload(study: StudySummary) -> str:
    """Nothing as long as there is no model that could advise."""
    if not study.models:
        return ""
    options = "".join(f"<option>{escape(model)}</option>" for model in study.models)
    return _zip_upload(
        study.slug,
        "supports",
        label="Add pictures beside the advice: one zip with supports.csv and what it names",
        further=f'<label>Whose advice<select name="model">{options}</select></label>',
    )


def _zip_upload(slug: str, what: str, *, label: str, further: str = "") -> str:
    address = f"/admin-api/{escape(slug)}/{what}"
    return upload(address, label=label, accept=".zip", kind="application/zip", further=further)


def study_upload() -> str:
    return upload(
        "/admin-api/study-file",
        label="A study file (YAML or TOML)",
        accept=".yaml,.yml,.toml",
        kind="text/plain",
        is_named=True,
    )


def upload(
    address: str,
    *,
    label: str,
    accept: str,
    kind: str,
    is_named: bool = False,
    further: str = "",
) -> str:
    """A form for assets/admin_upload.js.

    `is_named`: the server needs the file's name. `further`: named inputs that it needs too.
    """
    named = ' data-named="yes"' if is_named else ""
    return (
        f'<form class="sr-upload" data-upload="{address}" data-kind="{kind}"{named}>'
        f'<label>{label}<input type="file" accept="{accept}" required></label>{further}'
        '<button type="submit">Send</button><progress max="1" value="0" hidden></progress>'
        '<p role="status"></p></form>'
    )


def _promised(study: StudySummary) -> str:
    if study.contacts_until is None or study.state is StudyState.DRAFT:
        return ""
    return (
        "<p>Readers were told that names and addresses are deleted by "
        f"{study.contacts_until}: once the study is closed, with the command forget-contacts.</p>"
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
    head = ("When (UTC)", "Who", "What", "On", "Old", "New", "Reason")
    left = found.total - len(found.events)
    more = f'<p class="sr-soft">{left} older ones are in the file.</p>' if left else ""
    return (
        f'<p><a class="sr-download" href="/admin-api/{escape(slug)}/trail.csv" download>'
        "All events (CSV)</a></p>"
        f"{table(head, map(_event, found.events), css='sr-tall sr-trail')}{more}"
    )


def _event(event: TrailEvent) -> list[str]:
    words = (event.actor, event.verb.replace("_", " "), event.subject)
    values = (f"<code>{escape(text)}</code>" for text in (event.old, event.new))
    return [f"{event.at:%Y-%m-%d %H:%M:%S}", *map(escape, words), *values, escape(event.reason)]


def preview(found: Preview, slug: str) -> str:
    """The image by our own route, which checks the sign-in again; buttons that do nothing."""
    buttons = "".join(
        f"<li>{escape(option.name_en)} <small>{escape(option.code)}</small></li>"
        for option in found.options
    )
    return (
        f'<p class="sr-soft">Case {found.position} of {found.total} in a drawn order, '
        f"{escape(found.arm)}. Nothing is stored.</p>"
        f'<div class="sr-preview"><div>{_pictures(found, slug)}</div>'
        f"<div>{_text(found)}<h3>Which diagnosis?</h3>"
        f'<ol class="sr-options">{buttons}</ol>{_questions(found)}</div></div>'
    )


def _pictures(found: Preview, slug: str) -> str:
    """All views of the case, then what stands beside the advice."""
    base = f"/admin-api/{escape(slug)}/preview/{found.position}"
    n = len(found.views)
    shown = [
        (f"{base}/view/{view}", ": ".join(filter(None, (f"View {view} of {n}", caption))))
        for view, caption in enumerate(found.views, start=1)
    ]
    beside = found.advice.pictures if found.advice else ()
    shown += [
        (f"{base}/support/{number}", ": ".join(filter(None, (_KINDS[its.kind], its.caption))))
        for number, its in enumerate(beside, start=1)
    ]
    return "".join(
        f'<figure><img src="{source}" alt="{escape(words)}">'
        f"<figcaption>{escape(words)}</figcaption></figure>"
        for source, words in shown
    )


def _text(found: Preview) -> str:
    parts = [f"<p>{escape(found.clinical_text)}</p>" if found.clinical_text else ""]
    if found.advice:
        shown = ", ".join(f"{escape(code)} {p:.0%}" for code, p in found.advice.shown)
        summed = found.advice.malignancy
        malignant = "" if summed is None else f"; malignant together {summed:.0%}"
        parts.append(f"<p><b>{escape(found.advice.model)}</b> suggests: {shown}{malignant}</p>")
    if found.time_limit_s:
        parts.append(f"<p>Time limit: {found.time_limit_s} s</p>")
    return "".join(parts)


def _questions(found: Preview) -> str:
    words = "; ".join(found.questions.further())
    return f'<p class="sr-soft">Also asked: {escape(words)}.</p>' if words else ""
