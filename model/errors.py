"""Errors of the network's room; each text says what was expected, what came and how to mend it."""

from data.errors import UserError


class ModelError(UserError):
    """A network, checkpoint, setting or input is not what was expected."""


class CheckpointError(ModelError):
    """A checkpoint or its card is missing, damaged, tampered with, or for something else."""
