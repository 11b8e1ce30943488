"""Synthetic chest films: schematic, labelled synthetic, for the software and not for medicine."""
