"""`tenderlake api`, `worker` and `sweep`: single processes of an installation."""
