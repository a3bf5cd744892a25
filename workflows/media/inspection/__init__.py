"""One picture or film, from upload to what is shown of it."""
