"""Where people can be reached beside e-mail."""
