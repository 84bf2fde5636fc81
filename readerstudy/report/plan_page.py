"""plan.html: one self-contained page of the plan."""

from jinja2 import Environment, PackageLoader

from readerstudy.report.plan_words import (
    Facts,
    claim_words,
    endpoint_words,
    enough,
    needed_by,
    notes_by,
    percent,
)
from readerstudy.report.report import inline_svg, number
from readerstudy.stats.power.pilot import Endpoint
from readerstudy.stats.power.planning import TARGETS, Plan

REFERENCES = (
    "Hillis SL, Obuchowski NA, Berbaum KS. Power estimation for multireader ROC methods: an "
    "updated and unified approach. Acad Radiol 2011;18:129-42.",
    "Hillis SL. A comparison of denominator degrees of freedom methods for multiple observer ROC "
    "analysis. Stat Med 2007;26:596-619.",
    "Phillips KF. Power of the two one-sided tests procedure in bioequivalence. J Pharmacokinet "
    "Biopharm 1990;18:137-44.",
)


def render_page(plan: Plan, shown: Endpoint, facts: Facts, picture: bytes) -> str:
    """The page as text; `picture` is the SVG of the endpoint shown first."""
    environment = Environment(
        loader=PackageLoader("readerstudy.report", "templates"), autoescape=True
    )
    environment.filters.update(
        percent=percent, claim=claim_words, name=endpoint_words, enough=enough, number=number
    )
    first = [shown, *(e for e in plan.endpoints if e is not shown)]
    return environment.get_template("plan.html").render(
        plan=plan,
        endpoints=first,
        facts=facts,
        picture=inline_svg(picture),
        needed_by=needed_by,
        notes=notes_by(plan),
        method=plan.options.method,
        targets=TARGETS,
        references=REFERENCES,
    )
