"""Red flags: OCP's published indicators over frames of processes, bids, awards and items. Signals, not accusations."""
