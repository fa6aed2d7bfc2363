"""The ledger: jobs, batches, watermarks, the record catalogue, quarantine and audit."""
