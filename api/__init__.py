"""Composition root for HTTP: parses requests, checks permissions, calls one store or workflow, writes responses."""
