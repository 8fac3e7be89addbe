"""Price objects of the catalogue -> quotes before a call and charges after it. Pure, but for `price_lists`."""
