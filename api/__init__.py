"""Composition root for HTTP: reads requests, asks for permission, calls one store or one workflow, writes answers."""
