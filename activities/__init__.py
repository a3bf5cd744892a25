"""Side effects with at-least-once execution: a class per noun, one method per step. A step is one transaction or one
provider call.

A method may run twice; the second run changes nothing. One interceptor (``activities.support.errors``) turns
``DomainError`` into ``ApplicationError``.
"""
