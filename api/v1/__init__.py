"""The first version of the API, one router a subject."""
