"""What Vitrine's speed is measured with: `python -m bench PART...`; bench/README.md says against what."""
