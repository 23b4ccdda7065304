"""The rules: one class in one file, by subject."""
