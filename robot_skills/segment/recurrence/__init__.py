"""What comes back: stretches alike wherever they happen, and the skills they are."""
