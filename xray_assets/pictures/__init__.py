"""Small pictures for asset metadata: SVG or PNG in Markdown with a data: address. No Dagster."""
