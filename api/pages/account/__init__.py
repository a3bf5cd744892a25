"""The pages of a customer's own login: ``/account``."""
