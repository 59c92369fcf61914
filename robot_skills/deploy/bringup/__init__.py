"""What a person does with an arm on its first day: one step after the other, each told first."""
