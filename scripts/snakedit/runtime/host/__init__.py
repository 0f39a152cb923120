"""This host: signals, folders, processes, versions."""
