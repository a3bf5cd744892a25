"""The waitlist of a business."""
