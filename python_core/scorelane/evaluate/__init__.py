"""Measuring transcriptions: MT3's metrics, clips with known notes, reports."""
