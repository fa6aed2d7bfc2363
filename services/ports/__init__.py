"""The ports: what services need from outside, as Protocols; adapters are in `infrastructure`."""
