import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.splits import SplitError, check_leaks, split

PARTS = {"train": 0.7, "tune": 0.15, "test": 0.15}


def table(patients, labels=None):
    n = len(patients)
    return pd.DataFrame(
        {
            "case_id": [str(i) for i in range(n)],
            "label": labels or ["A"] * n,
            "patient_id": patients,
            "lesion_id": [""] * n,
            "sha256": [""] * n,
        }
    )


@given(
    st.lists(st.tuples(st.integers(0, 20), st.sampled_from("AB")), min_size=1, max_size=80),
    st.integers(0, 5),
)
def test_no_patient_is_ever_in_two_parts(rows, seed):
    manifest = table([f"p{p}" for p, _ in rows], [label for _, label in rows])
    parts = split(manifest, fractions=PARTS, seed=seed)
    assert parts.isin(PARTS).all()
    check_leaks(manifest, parts)


def test_shares_are_met_in_every_class():
    manifest = table([""] * 400, ["A"] * 200 + ["B"] * 200)
    parts = split(manifest, fractions=PARTS, seed=1)
    for label in "AB":
        counts = parts[manifest["label"] == label].value_counts()
        assert counts["train"] == 140
        assert counts["tune"] == 30


def test_same_seed_same_split_and_row_order_does_not_change_sizes():
    manifest = table([f"p{i % 30}" for i in range(100)])
    first = split(manifest, fractions=PARTS, seed=3)
    assert first.equals(split(manifest, fractions=PARTS, seed=3))
    assert not first.equals(split(manifest, fractions=PARTS, seed=4))


def test_shared_lesion_joins_two_patients_rows():
    manifest = table(["p1", "p2", "p3"] * 10)
    manifest["lesion_id"] = ["l"] * 30
    assert split(manifest, fractions=PARTS, seed=0).nunique() == 1


def test_leak_names_the_patient():
    manifest = table(["p1", "p1"])
    with pytest.raises(SplitError, match="'p1'"):
        check_leaks(manifest, pd.Series(["train", "test"]))


def test_fractions_must_sum_to_one():
    with pytest.raises(SplitError, match="sum to 1"):
        split(table(["a"]), fractions={"train": 0.5}, seed=0)
