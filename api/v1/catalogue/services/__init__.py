"""What can be booked, what it uses up, and what a cancellation costs."""
