"""Pictures and films of a business."""
