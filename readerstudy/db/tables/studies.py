"""The study, its cases and models."""

from datetime import datetime
from functools import cached_property

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from data.taxonomy import Taxonomy
from readerstudy.db.tables.base import Base, Json, identity, reference
from readerstudy.domain import CaseRole, Rule, StudyState, SupportKind
from readerstudy.domain.protocol import Protocol


class Study(Base):
    __tablename__ = "studies"

    id: Mapped[int] = identity()
    slug: Mapped[str] = mapped_column(sa.String(60), unique=True)
    title: Mapped[str] = mapped_column(sa.String(200))
    state: Mapped[StudyState]
    synthetic: Mapped[bool]
    stored_taxonomy: Mapped[Json] = mapped_column("taxonomy")
    rule: Mapped[Rule]
    stored_protocol: Mapped[Json] = mapped_column("protocol", server_default="{}")
    consent_text: Mapped[str] = mapped_column(sa.Text)
    consent_text_zh: Mapped[str | None] = mapped_column(sa.Text)
    consent_version: Mapped[str] = mapped_column(sa.String(20))
    created_at: Mapped[datetime]
    opened_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    archived_at: Mapped[datetime | None]
    takes_requests: Mapped[bool] = mapped_column(server_default=sa.false())
    sign_off: Mapped[Json | None] = mapped_column(sa.JSON(none_as_null=True))
    seal_hash: Mapped[str | None] = mapped_column(sa.String(64))

    # Parsed once; both never change. The seal is of what was stored, to the last setting.
    @cached_property
    def taxonomy(self) -> Taxonomy:
        return Taxonomy.from_dict(self.stored_taxonomy)

    @cached_property
    def protocol(self) -> Protocol:
        """Settings that were not there when the study was made have their defaults."""
        return Protocol.model_validate(self.stored_protocol)


class Case(Base):
    __tablename__ = "cases"
    __table_args__ = (sa.UniqueConstraint("study_id", "case_id"),)

    id: Mapped[int] = identity()
    study_id: Mapped[int] = reference("studies.id")
    case_id: Mapped[str] = mapped_column(sa.String(200))
    image_file: Mapped[str] = mapped_column(sa.String(80))
    image_sha256: Mapped[str] = mapped_column(sa.String(64))
    lesion_id: Mapped[str] = mapped_column(sa.String(200))
    patient_id: Mapped[str] = mapped_column(sa.String(200))
    site: Mapped[str] = mapped_column(sa.String(200))
    age_band: Mapped[str] = mapped_column(sa.String(100))
    skin_tone: Mapped[str] = mapped_column(sa.String(100))
    source: Mapped[str] = mapped_column(sa.String(500))
    licence: Mapped[str] = mapped_column(sa.String(500))
    role: Mapped[CaseRole] = mapped_column(server_default=CaseRole.TEST.value)
    is_repeated: Mapped[bool] = mapped_column(server_default=sa.false())
    clinical_text: Mapped[str] = mapped_column(sa.Text, server_default="")


class FurtherView(Base):
    """A further image of a case; the first is the case's own, at position 1."""

    __tablename__ = "case_views"
    __table_args__ = (sa.UniqueConstraint("case_id", "position"),)

    id: Mapped[int] = identity()
    case_id: Mapped[int] = mapped_column(sa.ForeignKey("cases.id"))
    position: Mapped[int]
    image_file: Mapped[str] = mapped_column(sa.String(80))
    image_sha256: Mapped[str] = mapped_column(sa.String(64))
    caption: Mapped[str] = mapped_column(sa.String(200))


class ReferenceStandard(Base):
    """Apart from `cases`, so that no query made for a reader can carry it along."""

    __tablename__ = "reference_standards"

    case_id: Mapped[int] = mapped_column(sa.ForeignKey("cases.id"), primary_key=True)
    label: Mapped[str] = mapped_column(sa.String(40))
    basis: Mapped[str] = mapped_column(sa.String(200))


class ReferenceAmendment(Base):
    """Append-only: a reference standard that was mended after the study closed, and why."""

    __tablename__ = "reference_amendments"

    id: Mapped[int] = identity()
    case_id: Mapped[int] = reference("cases.id")
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(sa.String(80))
    old_label: Mapped[str] = mapped_column(sa.String(40))
    old_basis: Mapped[str] = mapped_column(sa.String(200))
    new_label: Mapped[str] = mapped_column(sa.String(40))
    new_basis: Mapped[str] = mapped_column(sa.String(200))
    reason: Mapped[str] = mapped_column(sa.String(500))


class Model(Base):
    """One imported set of predictions: the model as it was when the file was made."""

    __tablename__ = "models"
    __table_args__ = (sa.UniqueConstraint("study_id", "name"),)

    id: Mapped[int] = identity()
    study_id: Mapped[int] = reference("studies.id")
    name: Mapped[str] = mapped_column(sa.String(60))
    checkpoint_sha256: Mapped[str] = mapped_column(sa.String(64))
    card: Mapped[Json]
    imported_at: Mapped[datetime]


class ModelPrediction(Base):
    """`probabilities`: {code: probability} over the model's own classes."""

    __tablename__ = "predictions"

    model_id: Mapped[int] = mapped_column(sa.ForeignKey("models.id"), primary_key=True)
    case_id: Mapped[int] = mapped_column(sa.ForeignKey("cases.id"), primary_key=True)
    probabilities: Mapped[Json]


class Support(Base):
    """A picture shown beside a model's advice: its saliency map, or a similar known case."""

    __tablename__ = "supports"
    __table_args__ = (sa.UniqueConstraint("model_id", "case_id", "kind", "position"),)

    id: Mapped[int] = identity()
    model_id: Mapped[int] = mapped_column(sa.ForeignKey("models.id"))
    case_id: Mapped[int] = reference("cases.id")
    kind: Mapped[SupportKind]
    position: Mapped[int]
    image_file: Mapped[str] = mapped_column(sa.String(80))
    image_sha256: Mapped[str] = mapped_column(sa.String(64))
    caption: Mapped[str] = mapped_column(sa.String(200))
