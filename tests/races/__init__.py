"""Two of everything against each other, in both orders, and each time once more with the guard off."""
