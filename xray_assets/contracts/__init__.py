"""What each table promises, its columns and where they come from. Pure; no Dagster, no place."""
