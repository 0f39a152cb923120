"""What a report says: records read, checked and reduced to numbers."""
