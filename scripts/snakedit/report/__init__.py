"""The report: tables, and a page that opens from disk. `build.build_report` makes all of it."""
