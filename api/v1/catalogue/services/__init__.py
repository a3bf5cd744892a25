"""Services, resources and cancellation policies."""
