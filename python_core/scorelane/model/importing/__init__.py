"""Weights of the published MT3, as others keep them, into Scorelane's own folders."""
