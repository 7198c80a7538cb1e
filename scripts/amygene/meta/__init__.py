"""Coordinate-based meta-analysis: where published effects converge, at regions and in networks."""
