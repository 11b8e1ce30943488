"""SQL over the lake, by three-level names, read-only: `xray_assets.sql.lake.LakeSql`."""
