"""How good boundaries and labels are."""
