"""Jobs: accepting, reading, cancelling and retrying them; idempotency keys."""
