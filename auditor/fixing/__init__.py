"""Fixes: what rules propose, as edits of the user's own texts, audited again before anyone sees them."""
