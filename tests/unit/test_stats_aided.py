"""Aided against unaided reading: the gain, what advice did, and what is refused."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from readerstudy.stats import StatsError, analyse, build_study
from readerstudy.stats.methods.confusion import metric_cells
from readerstudy.stats.sections.aided import DIFFERENCE
from readerstudy.stats.sections.common import Options
from readerstudy.stats.sections.rates import Metric, of_mean
from readerstudy.stats.subjects_and_methods import AIDED_READER, MEAN_READER
from tests.support.stats_helpers import simulate

COLUMNS = ["reader_id", "case_id", "truth", "answer", "arm", "advice"]


def second_read(
    seed: int = 3, *, readers: int = 5, per_class: int = 12, follow: float = 0.5
) -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    """Every answer twice; the second is often the advice, here model a's decision."""
    first, models = simulate(seed, readers=readers, per_class=per_class, confidence=False)
    table = models["a"].set_index("case_id")
    called = table.idxmax(axis=1).str.removeprefix("p_")
    advice = first["case_id"].map(called)
    rng = np.random.default_rng(seed)
    takes = rng.random(len(first)) < follow
    then = first.assign(answer=np.where(takes, advice, first["answer"]), arm="aided", advice=advice)
    both = pd.concat([first.assign(arm="unaided", advice=""), then], ignore_index=True)
    return both, {"a": models["a"]}


def test_the_gain_is_that_of_a_model_in_the_place_of_the_second_reading():
    """or-rrrc of aided minus unaided, by hand from the readers' and cases' differences."""
    readings, _ = second_read()
    found = analyse(readings, {})
    wide = {
        arm: rows.assign(right=(rows["answer"] == rows["truth"]).astype(float)).pivot_table(
            index="reader_id", columns="case_id", values="right"
        )
        for arm, rows in readings.groupby("arm")
    }
    d = (wide["aided"] - wide["unaided"]).to_numpy()
    readers, n = d.shape
    theta = d.mean(axis=1)
    cov = np.cov(d) / n
    cov2 = (cov.sum() - np.trace(cov)) / (readers * (readers - 1))
    se = np.sqrt(theta.var(ddof=1) / readers + max(cov2, 0))
    record = found.get("accuracy", "all", DIFFERENCE, "or-rrrc")
    assert record.estimate == pytest.approx(theta.mean(), rel=1e-12)
    assert record.se == pytest.approx(se, rel=1e-9)
    assert record.p < 1
    assert (record.n_readers, record.n_cases) == (readers, n)


def test_the_unaided_numbers_do_not_know_of_the_aided_rows():
    readings, models = second_read()
    alone = analyse(readings[readings["arm"] == "unaided"], models)
    both = analyse(readings, models)
    assert len(both.records) > len(alone.records)
    kept = [r for r in both.records if ":aided" not in str(r.subject)]
    assert repr(kept) == repr(list(alone.records))


def test_what_advice_did_is_counted_answer_by_answer():
    rows = [
        # reader, case, truth, first, second, advice
        ("r1", "a", "x", "y", "x", "x"),  # to right, took right advice
        ("r1", "b", "x", "x", "y", "y"),  # to wrong, took wrong advice
        ("r1", "c", "y", "y", "y", "x"),  # kept, overrode wrong advice
        ("r1", "d", "y", "x", "x", "y"),  # kept, left right advice
        ("r2", "a", "x", "x", "x", "x"),
        ("r2", "b", "x", "x", "x", "y"),  # overrode wrong advice
        ("r2", "c", "y", "y", "x", "x"),  # took wrong advice
        ("r2", "d", "y", "y", "y", "y"),
    ]
    readings = pd.DataFrame(
        [(r, c, t, f, "unaided", "") for r, c, t, f, _, _ in rows]
        + [(r, c, t, s, "aided", a) for r, c, t, _, s, a in rows],
        columns=COLUMNS,
    )
    found = analyse(readings, {})
    got = {
        r.quantity: r.estimate
        for r in found.find(subject="mean_reader:aided", method="or-rrrc")
        if r.class_ == "all" and r.quantity != "accuracy"
    }
    assert got == {
        "changed": pytest.approx(3 / 8),
        "changed_to_right": pytest.approx(1 / 8),
        "changed_to_wrong": pytest.approx(2 / 8),
        # r1 had two wrong answers with right advice and took one; r2 had none.
        "took_right_advice": pytest.approx(1 / 2),
        # Each had two right answers with wrong advice and took one.
        "took_wrong_advice": pytest.approx(1 / 2),
        "overrode_wrong_advice": pytest.approx(1 / 2),
    }
    mine = found.get("mcnemar", "all", "reader:r1:aided - reader:r1", "mcnemar-exact")
    assert (mine.estimate, mine.p, mine.n_cases) == (0.0, 1.0, 4)
    gain = found.get("balanced_accuracy", "all", DIFFERENCE, "or-rrrc")
    assert gain.estimate == pytest.approx(-1 / 8)


def test_advice_not_recorded_is_the_only_models_decision():
    readings, models = second_read()
    told = analyse(readings, models)
    silent = analyse(readings.drop(columns="advice"), models)
    for quantity in ("took_wrong_advice", "overrode_wrong_advice"):
        a, b = (f.get(quantity, "all", "mean_reader:aided", "or-rrrc") for f in (told, silent))
        assert a.estimate == b.estimate
        assert "what model a decides" in b.note
        assert "what model a decides" not in a.note
    nobody = analyse(readings.drop(columns="advice"), {})
    assert not nobody.find(quantity="overrode_wrong_advice")
    assert nobody.find(quantity="changed")


def test_blocks_of_other_cases_are_compared_by_each_readers_two_rates():
    """A crossed design: each reader reads half of the cases aided, the other half unaided."""
    readings, models = second_read(per_class=20)
    case = readings["case_id"].str.removeprefix("c").astype(int)
    reader = readings["reader_id"].str.removeprefix("r").astype(int)
    block = (case + reader) % 2 == 0
    crossed = readings[block == (readings["arm"] == "aided")]
    found = analyse(crossed, models)
    share = crossed.assign(right=crossed["answer"] == crossed["truth"]).pivot_table(
        index="reader_id", columns="arm", values="right"
    )
    record = found.get("accuracy", "all", DIFFERENCE, "or-rrrc-capped")
    assert record.estimate == pytest.approx((share["aided"] - share["unaided"]).mean())
    assert record.se > 0
    assert not found.find(quantity="changed")


def test_without_a_change_nothing_is_estimable():
    readings, models = second_read(follow=0.0)
    record = analyse(readings, models).get("accuracy", "all", DIFFERENCE, "or-rrrc-capped")
    assert record.estimate == 0
    assert np.isnan(record.p)
    assert "not estimable" in record.note


def test_the_mean_aided_reader_is_that_of_the_aided_rows_alone():
    readings, models = second_read()
    study = build_study(readings, models)
    rows = readings[readings["arm"] == "aided"].drop(columns=["arm", "advice"])
    alone = build_study(rows, models)
    metric = Metric("sensitivity", 0, study.classes[0])
    expected = list(of_mean(alone, metric, metric_cells(alone, "sensitivity", target=0), Options()))
    got = analyse(readings, models)
    for record in expected:
        if "mean_reader" not in record.subject.kinds:
            continue
        is_alone = record.subject == MEAN_READER
        subject = AIDED_READER if is_alone else replace(record.subject, minus=AIDED_READER)
        assert got.get(record.quantity, record.class_, subject, record.method) == replace(
            record, subject=subject
        )


def test_aided_rows_without_an_unaided_one_are_left_out_with_a_note():
    readings, models = second_read()
    lonely = readings.iloc[[-1]].assign(reader_id="only-aided")
    found = analyse(pd.concat([readings, lonely], ignore_index=True), models)
    assert any("1 aided answers by readers" in note for note in found.meta["notes"])
    assert found.meta["n_readers"] == 5


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("answer", "bca", "write 'bcc'"),
        ("advice", "nothing", "'nothing' in line 359"),
        ("truth", "nv", "one truth per case"),
    ],
)
def test_a_wrong_aided_row_is_refused_with_its_line(column: str, value: str, words: str):
    readings, models = second_read()
    first_aided = readings.index[readings["arm"] == "aided"]
    if column == "truth":
        rows = readings.index[(readings["arm"] == "aided") & (readings["case_id"] == "c000")]
        readings.loc[rows, column] = value
    else:
        readings.loc[first_aided[-1], column] = value
    with pytest.raises(StatsError, match=words):
        analyse(readings, models)
