"""The people of a make-believe shop: what they bought, and what they do next."""
