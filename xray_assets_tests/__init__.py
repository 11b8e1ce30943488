"""Tests of xray_assets; the tree mirrors the package."""
