"""The arrays that rooms hand each other. Precision is part of the meaning: two names of floats."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]  # probabilities, statistics
Floats32 = npt.NDArray[np.float32]  # what comes out of a network or a picture
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Rgb = npt.NDArray[np.uint8]  # (h, w, 3), 0 to 255
