"""What readers may be asked about themselves, and the groups of experience."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

DEFAULT_YEARS = (3, 10)
OF_EXPERIENCE = ("years_dermatology", "years_dermoscopy")
NO_YEARS = "none"


@dataclass(frozen=True)
class ProfileField:
    """`choices` empty means free text of at most `max_length` characters."""

    key: str
    label: str
    choices: tuple[str, ...] = ()
    max_length: int = 60


def experience_bands(years: Sequence[int]) -> tuple[str, ...]:
    """Groups that part at these whole years, ascending: (3, 10) gives none, <3, 3-10, >10.

    A year where two groups meet belongs to the lower one, so that (2, 5, 10) gives 2-5 and 6-10;
    but a single one begins the upper group: <5, >=5.
    """
    first, *higher = years
    if not higher:
        return (NO_YEARS, f"<{first}", f">={first}")
    lows = (first, *(year + 1 for year in higher[:-1]))
    between = (
        f"{low}-{high}" if low < high else str(low) for low, high in zip(lows, higher, strict=True)
    )
    return (NO_YEARS, f"<{first}", *between, f">{higher[-1]}")


PROFILE_FIELDS = (
    ProfileField(
        "profession",
        "Profession",
        ("dermatologist", "dermatology resident", "other physician", "nurse", "student", "other"),
    ),
    ProfileField("board_certified", "Board-certified in dermatology", ("yes", "no")),
    ProfileField("years_dermatology", "Years in dermatology", experience_bands(DEFAULT_YEARS)),
    ProfileField("years_dermoscopy", "Years of dermoscopy", experience_bands(DEFAULT_YEARS)),
    ProfileField("country", "Country"),
    ProfileField("age", "Age", ("<30", "30-39", "40-49", "50-59", ">=60")),
    ProfileField("sex", "Sex", ("female", "male", "other", "not said")),
)


def fields_asked(keys: Collection[str], years: Sequence[int]) -> tuple[ProfileField, ...]:
    """In the order of the page; experience in these groups."""
    bands = experience_bands(years)
    return tuple(
        replace(field, choices=bands) if field.key in OF_EXPERIENCE else field
        for field in PROFILE_FIELDS
        if field.key in keys
    )
