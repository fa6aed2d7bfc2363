"""The Typesense adapter, against a stand-in server that is held to the official API description, and against a real one where there is one."""
