"""Input as people have it: refused in words, or repaired with a note."""

import numpy as np
import pandas as pd
import pytest

from readerstudy.stats import StatsError, analyse, build_study
from readerstudy.stats.input import readings_table
from readerstudy.stats.sections import reader_areas, resampled
from tests.support.stats_helpers import simulate


@pytest.fixture
def readings() -> pd.DataFrame:
    return simulate(1)[0]


@pytest.fixture
def models() -> dict[str, pd.DataFrame]:
    return {"a": simulate(1)[1]["a"]}


def refused(*args, **kwargs) -> str:
    with pytest.raises(StatsError) as caught:
        build_study(*args, **kwargs)
    return str(caught.value)


def test_a_missing_column_names_the_likely_misspelling(readings) -> None:
    message = refused(readings.rename(columns={"reader_id": "readerid"}), {})
    assert "'reader_id'" in message
    assert "'readerid'" in message


def test_extra_columns_are_ignored(readings) -> None:
    assert build_study(readings.assign(hat="red"), {}).n_readers == 4


def test_no_rows_are_refused(readings) -> None:
    assert "got none" in refused(readings.iloc[:0], {})


@pytest.mark.parametrize("column", ["reader_id", "case_id", "truth"])
def test_empty_ids_and_truths_name_the_line(readings, column) -> None:
    readings.index = readings.index + 2
    readings.loc[9, column] = " "
    message = refused(readings, {})
    assert column.split("_")[0] in message
    assert "line 9" in message


def test_a_case_with_two_truths_is_named(readings) -> None:
    readings.loc[3, "truth"] = "nv"
    message = refused(readings, {})
    assert "one truth per case" in message
    assert "c003" in message


def test_identical_duplicates_count_once_with_a_note(readings) -> None:
    doubled = pd.concat([readings, readings.iloc[:7]], ignore_index=True)
    study = build_study(doubled, {})
    assert np.array_equal(study.answers, build_study(readings, {}).answers)
    assert any("7 identical repeated rows" in note for note in study.notes)


def test_conflicting_duplicates_are_named(readings) -> None:
    other = readings.iloc[[5]].assign(answer="nv" if readings.loc[5, "answer"] != "nv" else "bcc")
    message = refused(pd.concat([readings, other], ignore_index=True), {})
    assert "r000 on c005" in message


def test_an_unknown_answer_is_refused_with_the_nearest_class(readings, models) -> None:
    readings.loc[4, "answer"] = "meel"
    message = refused(readings, models)
    assert "'meel'" in message
    assert "'mel'" in message


def test_without_models_an_answer_is_a_class(readings) -> None:
    readings.loc[4, "answer"] = "none of these"
    assert "none of these" in build_study(readings, {}).classes


def test_named_classes_are_binding(readings) -> None:
    assert "among bcc, nv" in refused(readings, {}, classes=["bcc", "nv"])


@pytest.mark.parametrize("value", ["often", "-1", "101"])
def test_confidence_must_be_0_to_100(readings, value) -> None:
    readings.loc[0, "confidence"] = value
    assert "confidence from 0 to 100" in refused(readings, {})


def test_an_empty_answer_is_shown_and_not_answered(readings) -> None:
    readings.loc[0, "answer"] = ""
    study = build_study(readings, {})
    assert study.shown[0, 0]
    assert not study.answered[0, 0]


def test_counting_unanswered_as_wrong_lowers_every_rate(readings, models) -> None:
    readings.loc[:4, "answer"] = ""
    omitted = analyse(readings, models).get("accuracy", "all", "reader:r000", "wilson")
    wrong = analyse(readings, models, missing="wrong").get(
        "accuracy", "all", "reader:r000", "wilson"
    )
    assert (omitted.n_cases, wrong.n_cases) == (19, 24)
    assert wrong.estimate == pytest.approx(omitted.estimate * 19 / 24)


def test_simulated_readers_are_flagged_and_noted(readings) -> None:
    kind = np.where(readings["reader_id"] == "r001", "simulated", "human")
    study = build_study(readings.assign(reader_kind=kind), {})
    assert study.simulated.tolist() == [False, True, False, False]
    assert any("1 of 4 readers are simulated" in note for note in study.notes)


def test_model_rows_and_other_arms_are_left_out_with_a_note(readings) -> None:
    practice = readings[readings["reader_id"] == "r000"].assign(arm="practice")
    machine = readings[readings["reader_id"] == "r001"].assign(reader_id="m", reader_kind="model")
    whole = pd.concat(
        [readings.assign(arm="unaided", reader_kind="human"), practice.assign(reader_kind="human"),
         machine.assign(arm="unaided")], ignore_index=True
    )  # fmt: skip
    study = build_study(whole, {})
    assert study.reader_ids == ("r000", "r001", "r002", "r003")
    assert len(study.notes) == 2


def test_second_answers_give_agreement_with_oneself(readings) -> None:
    again = readings[readings["reader_id"] == "r002"].assign(arm="repeat")
    whole = pd.concat([readings.assign(arm="unaided"), again], ignore_index=True)
    record = analyse(whole, {}).get("kappa_cohen", "all", "reader:r002", "repeat")
    assert record.estimate == 1.0
    assert record.n_cases == 24


def test_a_positive_class_must_exist(readings) -> None:
    message = refused(readings, {}, positive="mell")
    assert "'mel'" in message


def test_only_the_positive_class_is_reported(readings, models) -> None:
    found = analyse(readings, models, positive="mel").find(quantity="sensitivity")
    assert {r.class_ for r in found} == {"mel"}


def test_one_reader_one_class_no_positives_do_not_break() -> None:
    rows = [("r1", f"c{i}", "x", "x" if i else "y") for i in range(5)]
    readings = pd.DataFrame(rows, columns=["reader_id", "case_id", "truth", "answer"])
    found = analyse(readings, {}, replicates=10, rng=np.random.default_rng(0))
    assert np.isnan(found.get("sensitivity", "y", "reader:r1", "wilson").estimate)
    assert "one reader" in found.get("sensitivity", "x", "mean_reader", "or-rrrc").note


def test_a_table_that_does_not_fit_the_memory_is_refused_with_the_reason(
    readings, models, monkeypatch
) -> None:
    monkeypatch.setattr(readings_table, "MOST_CELLS", 95)
    message = refused(readings, models)
    assert "held in memory" in message
    assert "got 4 x 24" in message
    monkeypatch.setattr(readings_table, "MOST_CELLS", 96)
    monkeypatch.setattr(resampled, "MOST_DRAWS", 24 * 10)
    generator = np.random.default_rng(0)
    with pytest.raises(StatsError, match="at most 10 replicates"):
        analyse(readings, models, replicates=11, rng=generator)
    assert analyse(readings, models, replicates=10, rng=generator).records


def test_what_grows_with_the_square_of_the_cases_is_left_out_with_a_note(monkeypatch) -> None:
    readings, models = simulate(4, missing=0.3)
    name = ("auc", "mel", "mean_reader")
    whole = analyse(readings, models)
    assert whole.get(*name, "or-rrrc:unbiased") is not None
    monkeypatch.setattr(reader_areas, "MOST_CELLS", 100)
    found = analyse(readings, models)
    assert found.get(*name, "or-rrrc:unbiased") is None
    assert found.get(*name, "ustat") is None
    assert "too many pairs" in found.get(*name, "or-rrrc:jackknife").note


def test_a_study_nobody_answered_breaks_nothing() -> None:
    readings, models = simulate(2)
    found = analyse(
        readings.assign(answer="", confidence=""), models, replicates=5,
        rng=np.random.default_rng(0), margin=0.1,
    )  # fmt: skip
    assert found.get("sensitivity", "mel", "model:a", "wilson").n_cases == 8
    assert not found.find(subject="mean_reader", quantity="accuracy", method="or-rrrc-capped")


def test_predictive_values_count_what_was_said(readings, models) -> None:
    found = analyse(readings, models)
    own = readings[(readings["reader_id"] == "r000") & (readings["answer"] == "mel")]
    record = found.get("ppv", "mel", "reader:r000", "wilson")
    assert record.n_cases == len(own)
    assert record.estimate == pytest.approx((own["truth"] == "mel").mean())
    assert found.get("npv", "mel", "model:a", "wilson").n_cases > 0


def test_a_class_named_twice_is_refused(readings) -> None:
    with pytest.raises(StatsError, match="every class once"):
        build_study(readings, {}, classes=["a", "b", "a"])


@pytest.mark.parametrize(
    ("column", "got", "hint"),
    [("arm", "Aided", "write 'aided'"), ("arm", "second look", "leave it empty"),
     ("reader_kind", "simulatd", "write 'simulated'")],
)  # fmt: skip
def test_an_unknown_arm_or_kind_is_not_taken_for_the_main_one(column, got, hint) -> None:
    readings, models = simulate(3)
    readings[column] = ""
    readings.loc[5, column] = got
    with pytest.raises(StatsError, match=f"(?s)as {column} one of.*{got!r} in line 5.*{hint}"):
        build_study(readings, models)
