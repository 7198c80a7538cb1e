"""Columns of the tables of the stage group."""

COLUMNS = {
    "site_effects": "way to deal with sites, as contrasts.<name>.site_effects",
}
