"""Tables as files: CSV and Parquet of what the pages show, each bounded."""
