"""What devices and processes did, written as it happens and read back."""
