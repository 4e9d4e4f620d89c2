"""Writes config.example.toml: `python -m agent.config > config.example.toml`."""

import sys

from agent.config.example import render

sys.stdout.write(render())
