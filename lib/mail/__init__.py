"""The words of each mail, the outbox, the connection and the worker that sends."""
