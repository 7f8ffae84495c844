"""The corpora that MT3 was trained and judged on, read as they lie on disk."""
