"""Why a person hears from the shop, or does not: everything that the rules look at, as values."""
