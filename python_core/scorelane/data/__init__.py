"""Corpora, note banks and what is mixed from them."""
