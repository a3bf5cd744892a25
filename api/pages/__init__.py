"""The pages: what people see in a browser. They call the operations of the API and contain no rule."""
