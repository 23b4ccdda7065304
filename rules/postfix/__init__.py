"""Rules about one Postfix instance."""
