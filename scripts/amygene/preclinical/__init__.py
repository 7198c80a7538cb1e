"""Animal signatures: from counts of genes to differential expression, networks, and the human brain map."""
