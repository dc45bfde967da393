"""Brands as data: what `brands/` says, checked and frozen at start."""
