"""The arithmetic: arrays in, numbers out. Knows numpy, scipy, numba and itself; every rule is in docs/measures.md."""
