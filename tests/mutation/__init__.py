"""Mutation testing of the rules about money: small changes that a test must notice."""
