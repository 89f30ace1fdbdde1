"""Vitrine's rooms; docs/architecture.md shows the house."""
