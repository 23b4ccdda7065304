"""Texts as trees of tokens that give back the text, and the statements in them."""
