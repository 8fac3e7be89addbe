"""Jobs: those that run beside the cells, those that a cell made before, and those that nobody has waited for yet."""
