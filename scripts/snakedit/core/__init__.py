"""What everything else knows: records, journals, hashes, images, names, errors."""
