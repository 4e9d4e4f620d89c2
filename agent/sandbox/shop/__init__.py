"""A WooCommerce in memory; `api.shop_app` lets it speak HTTP."""
