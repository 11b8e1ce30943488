"""Everything that reads, measures or draws a film; no Dagster, no model and no network here."""
