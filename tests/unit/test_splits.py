import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.splits import SplitError, check_leaks, group_ids, split

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


@settings(max_examples=40)
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


ROWS = st.lists(
    st.tuples(st.integers(0, 20), st.integers(0, 30), st.sampled_from("AB")),
    min_size=1,
    max_size=60,
)


def linked(rows):
    manifest = table([f"p{p}" if p else "" for p, _, _ in rows], [label for *_, label in rows])
    manifest["lesion_id"] = [f"l{lesion}" if lesion else "" for _, lesion, _ in rows]
    return manifest


@settings(max_examples=40)
@given(ROWS, st.integers(0, 3), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(rows, seed, random):
    manifest = linked(rows)
    order = list(range(len(rows)))
    random.shuffle(order)
    shuffled = manifest.iloc[order]
    parts = split(manifest, fractions=PARTS, seed=seed)
    assert split(shuffled, fractions=PARTS, seed=seed).sort_index().equals(parts)


@settings(max_examples=40)
@given(ROWS, st.integers(0, 3))
def test_no_group_is_ever_in_two_parts(rows, seed):
    manifest = linked(rows)
    parts = split(manifest, fractions=PARTS, seed=seed)
    assert parts.groupby(group_ids(manifest)).nunique().max() == 1


@settings(max_examples=40)
@given(
    st.dictionaries(st.sampled_from("ABCDE"), st.integers(20, 60), min_size=1),
    st.integers(1, 3),
    st.integers(0, 9),
)
def test_shares_are_met_within_a_group_in_every_class(counts, size, seed):
    """Each class misses its share of a part by less than one group."""
    labels = [label for label, n in counts.items() for _ in range(n * size)]
    manifest = table([f"{label}{row // size}" for row, label in enumerate(labels)], labels)
    parts = split(manifest, fractions=PARTS, seed=seed)
    for label, n in counts.items():
        of_class = parts[manifest["label"] == label].value_counts()
        for part, share in PARTS.items():
            assert abs(of_class.get(part, 0) - share * n * size) <= size


def test_patients_with_several_diagnoses_keep_the_classes_balanced():
    rng = np.random.default_rng(0)
    patients = rng.integers(0, 150, 400)
    labels = rng.choice(["A", "B", "C"], 400, p=[0.6, 0.3, 0.1])
    manifest = table([f"p{p}" for p in patients], list(labels))
    parts = split(manifest, fractions=PARTS, seed=1)
    shares = pd.crosstab(manifest["label"], parts, normalize="index")
    assert (shares - pd.Series(PARTS)).abs().to_numpy().max() < 0.04


def test_the_seed_decides():
    manifest = table([f"p{i % 30}" for i in range(100)])
    first = split(manifest, fractions=PARTS, seed=3)
    assert first.equals(split(manifest, fractions=PARTS, seed=3))
    assert not first.equals(split(manifest, fractions=PARTS, seed=4))


def test_pairs_that_belong_together_join_their_groups():
    manifest = table(["p1", "p1", "p2", "p3"])
    groups = group_ids(manifest, same=[("1", "2"), ("3", "of another table")])
    assert groups.tolist() == ["0", "0", "0", "3"]


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
