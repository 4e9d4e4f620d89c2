"""What runs in the shop: one small WordPress plugin, printed by `winback bridge`."""
