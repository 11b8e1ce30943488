"""DICOM films: pixels as a viewer would show them, which files are taken, the few tags kept."""
