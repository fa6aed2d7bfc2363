"""OpenLineage: events about stage runs, to a file or an HTTP endpoint."""
