"""Pages of one shape: a list with a search, and a form. The rules of a form are those of the API's schema."""
