"""The rows of a readings table: coded, checked and laid out as readers by cases."""

from difflib import get_close_matches

import numpy as np
import pandas as pd

from data.arrays import Bools, Floats, Ints
from readerstudy.stats.errors import StatsError
from readerstudy.stats.input.arms import split_arms
from readerstudy.stats.input.columns import check_columns, text_codes
from readerstudy.stats.input.study import UNANSWERED

REQUIRED = ("reader_id", "case_id", "truth", "answer")
MOST_CELLS = 25_000_000
_SHOWN_AT_MOST = 5


class ReadingsTable:
    """The rows of a readings frame, coded; one instance per call, never kept."""

    def __init__(self, frame: pd.DataFrame, notes: list[str]) -> None:
        self.source = str(frame.attrs.get("source", "the readings"))
        check_columns(frame, REQUIRED, source=self.source)
        if frame.empty:
            raise StatsError(f"Expected {self.source} to have rows, but got none; add readings.")
        self.notes = notes
        arms = split_arms(frame, notes)
        self._frame, self._repeated, self.aided = arms.main, arms.repeated, arms.aided
        self.line = self._frame.index.to_numpy()
        reader, self.readers = self._ids("reader_id")
        case, self.cases = self._ids("case_id")
        self._check_size()
        self._answer_code, self._answer_text = text_codes(self._frame["answer"])
        self._truth_code, self._truth_text = text_codes(self._frame["truth"])
        self._confidence = self._read_confidence()
        self._check_truth(case)
        keep = self._check_duplicates(reader * len(self.cases) + case)
        self._reader, self._case, self._keep = reader[keep], case[keep], keep

    def _ids(self, column: str) -> tuple[Ints, tuple[str, ...]]:
        codes, texts = text_codes(self._frame[column])
        blank = texts.index("")
        self._refuse(codes == blank, f"a {column} in every row", "an empty one", "fill it in")
        used, compact = np.unique(codes, return_inverse=True)
        return compact.astype(np.intp), tuple(texts[i] for i in used)

    def _check_size(self) -> None:
        readers, cases = len(self.readers), len(self.cases)
        if readers * cases > MOST_CELLS:
            raise StatsError(
                f"Expected {self.source} to have at most {MOST_CELLS:,} cells of readers x cases, "
                f"because the table of all is held in memory, but got {readers:,} x {cases:,}; "
                "analyse a part of the readers or of the cases at a time."
            )

    def _refuse(self, bad: Bools, expected: str, got: str, mend: str) -> None:
        if not bad.any():
            return
        where = list(self.line[bad][:_SHOWN_AT_MOST])
        more = f" and {int(bad.sum()) - len(where)} more" if bad.sum() > len(where) else ""
        lines = ", ".join(str(line) for line in where) + more
        raise StatsError(
            f"Expected {self.source} to have {expected}, but got {got} in line {lines}; {mend}."
        )

    def _read_confidence(self) -> Floats | None:
        if "confidence" not in self._frame:
            return None
        raw = self._frame["confidence"]
        codes, levels = pd.factorize(raw)
        blank = [pd.isna(level) or str(level).strip() == "" for level in levels]
        numbers = pd.to_numeric(pd.Series(list(levels), dtype=object), errors="coerce")
        values = np.append(np.where(blank, np.nan, numbers.to_numpy(float)), np.nan)
        odd = np.append(np.isnan(values[:-1]) & ~np.array(blank, bool), False)
        out_of_range = (values < 0) | (values > 100)
        bad = (odd | out_of_range)[codes]
        self._refuse(
            bad,
            "a confidence from 0 to 100",
            repr(str(raw.iloc[int(bad.argmax())])),
            "rescale or leave it empty",
        )
        return None if np.isnan(values).all() else values[codes]

    def _check_truth(self, case: Ints) -> None:
        blank = self._truth_text.index("")
        self._refuse(
            self._truth_code == blank,
            "a truth for every case",
            "an empty one",
            "fill it in, or take the case out",
        )
        first = np.full(len(self.cases), -1, dtype=np.intp)
        first[case[::-1]] = self._truth_code[::-1]
        odd = self._truth_code != first[case]
        if odd.any():
            names = sorted({self.cases[c] for c in case[odd]})[:_SHOWN_AT_MOST]
            self._refuse(
                odd,
                "one truth per case",
                f"two for case {', '.join(names)}",
                "make them the same",
            )
        self._case_truth = first

    def _check_duplicates(self, key: Ints) -> Ints:
        values, first, inverse = np.unique(key, return_index=True, return_inverse=True)
        if len(values) == len(key):
            return np.arange(len(key))
        same = self._answer_code == self._answer_code[first[inverse]]
        if self._confidence is not None:
            here, there = self._confidence, self._confidence[first[inverse]]
            same &= (here == there) | (np.isnan(here) & np.isnan(there))
        pairs = [divmod(int(k), len(self.cases)) for k in np.unique(key[~same])[:_SHOWN_AT_MOST]]
        named = ", ".join(f"{self.readers[r]} on {self.cases[c]}" for r, c in pairs)
        self._refuse(
            ~same,
            "one answer per reader and case",
            f"different answers of {named}",
            "keep the one that counts",
        )
        self.notes.append(f"{len(key) - len(values)} identical repeated rows were counted once.")
        return np.sort(first)

    def clusters(self, column: str) -> Ints:
        """(n,) the same number for cases that have the same text in a column."""
        check_columns(self._frame, (column,), source=self.source)
        codes, texts = text_codes(self._frame[column])
        self._refuse(
            codes == texts.index(""), f"a {column} in every row", "an empty one", "fill it in"
        )
        first = np.full(len(self.cases), -1, dtype=np.intp)
        first[self._case] = codes[self._keep]
        place = {case: i for i, case in enumerate(self.cases)}
        own = np.array([place[str(c).strip()] for c in self._frame["case_id"]], dtype=np.intp)
        self._refuse(codes != first[own], f"one {column} per case", "two", "make them the same")
        return first

    def note_clusters(self) -> None:
        """Says that cases of one patient or lesion are taken as independent, if there are any."""
        for column in ("patient_id", "lesion_id"):
            if column not in self._frame:
                continue
            known = self._frame[self._frame[column].astype(str).str.strip() != ""]
            cases, groups = known["case_id"].nunique(), known[column].nunique()
            if 1 < groups < cases:
                self.notes.append(
                    f"{cases} cases have {groups} different {column}: the intervals take them as "
                    f"independent and are too narrow; `analyse --cluster {column}` allows for it."
                )
                return

    def labels(self) -> list[str]:
        """Classes in truth and answers of the kept rows, sorted."""
        truths = {self._truth_text[i] for i in np.unique(self._truth_code)}
        answers = {self._answer_text[i] for i in np.unique(self._answer_code)}
        return sorted((truths | answers) - {""})

    def truth_labels(self) -> list[str]:
        """Classes that some case truly has."""
        return sorted({self._truth_text[i] for i in np.unique(self._truth_code)})

    def truths(self, classes: tuple[str, ...]) -> Ints:
        """(n,) index of each case's class."""
        place = self._places(self._truth_text, classes)
        self._refuse(
            place[self._truth_code] == UNANSWERED,
            f"a truth among {', '.join(classes)}",
            "another class",
            "correct it, or add the class to the study",
        )
        return place[self._case_truth]

    def cells(self, classes: tuple[str, ...]) -> tuple[Ints, Bools, Floats | None]:
        """(J, n) answers, shown cells and confidence."""
        place = self._places(self._answer_text, classes)
        known = (place != UNANSWERED) | (np.array(self._answer_text) == "")
        if not known[self._answer_code].all():
            odd = self._answer_code[~known[self._answer_code]]
            unknown = sorted({self._answer_text[i] for i in odd})
            near = get_close_matches(unknown[0], classes, n=1, cutoff=0.5)
            self._refuse(
                ~known[self._answer_code],
                f"answers among {', '.join(classes)}",
                ", ".join(repr(u) for u in unknown[:_SHOWN_AT_MOST]),
                f"write {near[0]!r}" if near else "correct it, or add the class to the study",
            )
        shape = (len(self.readers), len(self.cases))
        answers = self.laid_out(place[self._answer_code])
        shown = np.zeros(shape, dtype=bool)
        shown[self._reader, self._case] = True
        if self._confidence is None:
            return answers, shown, None
        confidence = np.full(shape, np.nan)
        confidence[self._reader, self._case] = self._confidence[self._keep]
        return answers, shown, confidence

    def laid_out(self, codes: Ints) -> Ints:
        """(J, n) the code of each row of the frame in its cell, UNANSWERED where there is none."""
        cells = np.full((len(self.readers), len(self.cases)), UNANSWERED, dtype=np.intp)
        cells[self._reader, self._case] = codes[self._keep]
        return cells

    def simulated(self) -> Bools:
        """(J,) whether a reader is a simulated one."""
        flags = np.zeros(len(self.readers), dtype=bool)
        if "reader_kind" in self._frame:
            codes, texts = text_codes(self._frame["reader_kind"])
            is_simulated = np.array([text == "simulated" for text in texts])
            flags[self._reader[is_simulated[codes[self._keep]]]] = True
        if flags.any():
            self.notes.append(f"{int(flags.sum())} of {len(flags)} readers are simulated.")
        return flags

    def repeats(self, classes: tuple[str, ...], answers: Ints) -> Ints:
        """(m, 4) reader, case, first and second answer of cells answered twice."""
        frame = self._repeated
        if frame is None:
            return np.zeros((0, 4), dtype=np.intp)
        place = {c: i for i, c in enumerate(classes)}
        reader_at = {r: i for i, r in enumerate(self.readers)}
        case_at = {c: i for i, c in enumerate(self.cases)}
        rows = [
            (reader_at.get(str(r), -1), case_at.get(str(c), -1), place.get(str(a), UNANSWERED))
            for r, c, a in zip(frame["reader_id"], frame["case_id"], frame["answer"], strict=True)
        ]
        indices = [
            (r, c, int(answers[r, c]), again)
            for r, c, again in rows
            if r >= 0 and c >= 0 and again != UNANSWERED and answers[r, c] != UNANSWERED
        ]
        return np.array(indices, dtype=np.intp).reshape(-1, 4)

    @staticmethod
    def _places(texts: list[str], classes: tuple[str, ...]) -> Ints:
        at = {name: i for i, name in enumerate(classes)}
        return np.array([at.get(text, UNANSWERED) for text in texts], dtype=np.intp)
