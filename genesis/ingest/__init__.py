"""Events and statements from outside: over HTTP and from files."""
