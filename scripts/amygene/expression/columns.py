"""Columns of the tables of the stage expression."""

COLUMNS = {
    "in_expression": "whether expression of the region is known",
}
