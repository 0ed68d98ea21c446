"""What turns audio or text into facts: value types, ports, and one adapter an engine."""
