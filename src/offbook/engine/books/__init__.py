"""Order books made from what a venue sends, by price or order by order."""
