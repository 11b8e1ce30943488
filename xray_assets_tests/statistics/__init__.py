"""Tests of xray_assets.statistics."""
