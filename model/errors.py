"""Errors of the network's room; each text says what was expected, what came and how to mend it."""

import pickle
import zipfile

from safetensors import SafetensorError

from data.errors import UserError

# What reading a damaged or foreign file of weights raises.
UNREADABLE_WEIGHTS = (
    SafetensorError,
    pickle.UnpicklingError,
    zipfile.BadZipFile,
    RuntimeError,
    ValueError,
    OSError,
    EOFError,
    LookupError,
    TypeError,
    AttributeError,
)


class ModelError(UserError):
    """A network, checkpoint, setting or input is not what was expected."""


class CheckpointError(ModelError):
    """A checkpoint or its card is missing, damaged, tampered with, or for something else."""
