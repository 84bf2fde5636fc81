"""The flow of readers as markup."""

from readerstudy.domain import Flow, Withdrawal
from readerstudy.domain.protocol import Analysis
from readerstudy.ui.admin import flow_view


def found(**changes):
    values = {
        "requests": 0,
        "invited": 12,
        "revoked": 0,
        "accepted": 9,
        "consented": 8,
        "started": 7,
        "completed": 5,
        "excluded": {},
        "withdrawn": {},
        "analysed": 7,
        "simulated": 0,
    }
    return Flow(**(values | changes))


def test_every_step_has_its_number_in_order():
    shown = flow_view.flow(found())
    steps = ["12</b> Invited", "9</b> Link", "8</b> Consented", "7</b> Started", "7</b> Analysed"]
    places = [shown.index(step) for step in steps]
    assert places == sorted(places)
    assert "5 of the started" in shown


def test_who_left_is_said_with_the_reason_and_only_then():
    quiet = flow_view.flow(found())
    for word in ("revoked", "withdrawn", "excluded", "simulated", "Asked"):
        assert word not in quiet
    shown = flow_view.flow(
        found(
            requests=3,
            revoked=2,
            excluded={"too <few>": 1, "inattentive": 4},
            withdrawn={Withdrawal.DELETE: 1},
            simulated=280,
        )
    )
    assert "5</b> excluded by the protocol" in shown
    assert "1 too &lt;few&gt;" in shown
    assert "1 answers deleted" in shown
    assert "280 simulated readers" in shown
    assert "3</b> Asked to take part" in shown


def test_the_excluded_are_listed_with_rule_and_reason():
    rules = Analysis(min_answered=0.8, max_attention_errors=1)
    shown = flow_view.left_out(rules, {"R-1": "answered 3 of 8 cases, below <80%>"})
    for words in ("80%", "more than 1 attention checks", "R-1", "below &lt;80%&gt;", "1 readers"):
        assert words in shown
    assert flow_view.left_out(Analysis(), {}) == ""
