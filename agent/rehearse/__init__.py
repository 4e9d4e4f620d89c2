"""The mirror as it was at a moment, and what the rules would have done from there on."""
