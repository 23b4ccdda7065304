"""What the configuration of Postfix means."""
