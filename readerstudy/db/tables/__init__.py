"""The tables. Invariants are constraints here; docs/database.md explains the choices."""

from readerstudy.db.tables.base import Base, Json
from readerstudy.db.tables.people import (
    AccessRequest,
    Account,
    Consent,
    Contact,
    Invitation,
    Profile,
    Reader,
    SignedIn,
    SignInAttempt,
    SignInFailures,
)
from readerstudy.db.tables.readings import (
    Answer,
    Assignment,
    Event,
)
from readerstudy.db.tables.studies import (
    Case,
    FurtherView,
    Model,
    ModelPrediction,
    ReferenceAmendment,
    ReferenceStandard,
    Study,
    Support,
)

__all__ = [
    "AccessRequest",
    "Account",
    "Answer",
    "Assignment",
    "Base",
    "Case",
    "Consent",
    "Contact",
    "Event",
    "FurtherView",
    "Invitation",
    "Json",
    "Model",
    "ModelPrediction",
    "Profile",
    "Reader",
    "ReferenceAmendment",
    "ReferenceStandard",
    "SignInAttempt",
    "SignInFailures",
    "SignedIn",
    "Study",
    "Support",
]
