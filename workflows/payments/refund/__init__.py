"""One refund on its way to the customer."""
