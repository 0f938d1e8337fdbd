"""One file for each comparison: it builds the candidates and proves that they agree before anything is timed."""
