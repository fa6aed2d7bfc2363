"""Search engines, by the contract of their port and by what each adds."""
