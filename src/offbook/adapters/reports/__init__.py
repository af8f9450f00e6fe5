"""A session's report as files: JSON, CSV, Parquet and a picture."""
