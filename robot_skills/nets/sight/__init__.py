"""What policies are given to see: an observation as the inputs of a network."""
