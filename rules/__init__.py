"""The market's rules, as declared values over frames and reference data. README.md here is the generated catalogue."""
