"""A WooCommerce and a WhatsApp on loopback, for the demo, the tests and the benchmarks."""
