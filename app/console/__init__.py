"""What staff and brand teams look at; for now the contact sheets of `parley brands preview`."""
