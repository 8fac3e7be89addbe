"""What `skytells_nb.costs.budget` is made of: rules, the accounts that count, who asks, and what holds."""
