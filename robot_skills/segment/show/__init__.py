"""What a person sees of a segmentation."""
