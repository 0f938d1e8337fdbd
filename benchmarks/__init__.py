"""The performance suite: this app against the ways its numbers are usually computed. See docs/performance.md."""

import app  # noqa: F401  sets one BLAS thread, which must happen before numpy loads
