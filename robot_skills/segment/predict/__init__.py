"""What comes next, by models that never saw the recording: how open the future is."""
