"""Portfolio risk for Indian investors: what a Kite portfolio can lose, what it really owns, which limits it breaks."""

import os

__version__ = "0.1.0"

# Before numpy loads: with two BLAS threads on busy cores a small matrix product takes up to 80 times longer.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
