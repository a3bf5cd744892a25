"""The verification of a business: the owner's and the operators' endpoints."""
