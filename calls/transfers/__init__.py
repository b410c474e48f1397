"""Putting a caller through to a person of the business."""
