"""How an installation stands, for machines that look after it: whether it gets on, whether it is ready, its figures."""
