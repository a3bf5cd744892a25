"""Figures of a business."""
