"""Models of a venue's behaviour: small contracts that say how conservative they are."""
