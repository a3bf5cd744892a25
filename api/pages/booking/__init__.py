"""The pages of customers: a business, the booking flow, one booking through its link."""
