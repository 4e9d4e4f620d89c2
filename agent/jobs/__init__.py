"""The arrows of the way of the data, one file each. A job never imports a job: they meet in tables."""
