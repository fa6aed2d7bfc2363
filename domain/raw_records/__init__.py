"""Raw records: kinds, versions, operations, notes, quarantine and audit entries."""
