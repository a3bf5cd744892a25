"""Gradual rollouts of feature flags."""
