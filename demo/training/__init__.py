"""Trains the demo's two small models from data that scikit-learn ships."""
