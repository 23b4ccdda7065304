"""Rules about text that a daemon refuses."""
