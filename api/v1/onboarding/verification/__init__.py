"""How a business is let in: the owner's side and the operators' side."""
