"""An SO-101's servo bus on a pseudo terminal."""
