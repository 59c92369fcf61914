"""What speaks for a boundary: channels of evidence, each a curve over the samples."""
