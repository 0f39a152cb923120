"""What every stage runs on: devices, worker pools, image files, telemetry."""
