"""What comes in: uploads, jobs and callers."""
